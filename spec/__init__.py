"""The contract: formats, Hamiltonians, the array's shape, its memory and its words. Standard library only."""
