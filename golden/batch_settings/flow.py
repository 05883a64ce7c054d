from flowc import FlowSpec, batch, environment, resources, retry, step, timeout

ROLES = "arn:aws:iam::123456789012:role/"
TEAM = {"team": "science", "cost:center": "a/b = 1"}


class BatchSettings(FlowSpec):
    """What `@batch` and `@resources` say to AWS Batch: a step with much memory, one with devices, one with volumes."""

    @resources(cpu=4, memory=16384)
    @batch(cpu=2, shared_memory=2048, use_tmpfs=True, tmpfs_size=1024, tmpfs_path="/fast", max_swap=512, swappiness=10)
    @step
    def start(self):
        self.items = ["a", "b"]
        self.next(self.train, foreach="items")

    @batch(
        image="registry.example.com/train:3",
        queue="arn:aws:batch:us-east-1:123456789012:job-queue/accelerated",
        iam_role=ROLES + "train",
        execution_role=ROLES + "starts",
        gpu=1,
        trainium=2,
        efa=1,
        privileged=True,
        aws_batch_tags=TEAM,
    )
    @retry(times=1, minutes_between_retries=0)
    @timeout(seconds=45)
    @step
    def train(self):
        self.result = self.input * 2
        self.next(self.join)

    @batch(
        host_volumes=["/data", "/mnt/models:/models"],
        efs_volumes=["fs-0123abcd", "fs-4567abcd:/home/jobs"],
        log_driver="awslogs",
        log_options=["awslogs-group:flows", "awslogs-stream-prefix:train"],
        executable="/usr/local/bin/python3",
    )
    @environment(vars={"MODE": "full"})
    @step
    def join(self, inputs):
        self.results = [one.result for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.results)


if __name__ == "__main__":
    BatchSettings()
