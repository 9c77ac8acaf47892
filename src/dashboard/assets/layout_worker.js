// Lays out the graph of tasks.
