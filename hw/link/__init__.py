"""The array's end of the link: a serial line that may lose anything, made into the two streams of words that the array speaks."""
