"""What `loschmidt lab` and `loschmidt bench` have in common: experiments with table, figure and verdict, and commands that run them."""
