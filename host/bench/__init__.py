"""`loschmidt bench`: the array's gradient beside backpropagation's, in one run on one machine: time, memory, length, devices."""
