"""Native code, made when it is first asked for: the compiler, and the directory that keeps what it made."""
