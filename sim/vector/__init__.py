"""The emulator's time steps as C++ for the vector unit of this processor."""
