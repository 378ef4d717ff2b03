"""What each board can hold: data, read by `loschmidt.spec.board`."""
