"""Deep models of Hamiltonian units, as in RHEL's paper, trained by echo in integers, by echo in floats, and by backpropagation."""
