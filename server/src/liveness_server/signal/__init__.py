"""Signal processing of colour and motion traces: arrays in, numbers out; numpy and scipy only."""
