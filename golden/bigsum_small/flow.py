from metaflow import FlowSpec, Parameter, parallel_map, resources, step

class BigSum(FlowSpec):

    n = Parameter("n", default=800, help="rows and columns of the matrix")

    @resources(memory=60000, cpu=1)
    @step
    def start(self):
        import numpy
        import time
        big_matrix = numpy.random.default_rng(seed=1).integers(0, 10, (self.n, self.n))
        t = time.time()
        rows = max(1, self.n // 8)
        parts = parallel_map(lambda i: int(big_matrix[i:i+rows].sum()), range(0, self.n, rows))
        self.sum = sum(parts)
        self.took = time.time() - t
        self.next(self.end)

    @step
    def end(self):
        print("The sum is %f." % self.sum)
        print("Computing it took %dms." % (self.took * 1000))
        del self.took

if __name__ == '__main__':
    BigSum()
