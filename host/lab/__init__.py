"""`loschmidt lab`: the theory's experiments, each a module that measures and draws; every one is judged against its bound."""
