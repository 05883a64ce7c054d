# flowc run sound.py --without batch --with 'kubernetes:node_selector={"disk": "ssd"}, labels={"a": null}, cpu = 2, use_tmpfs=True' --with retry:times=4,jitter=false --with batch:image=registry:5000/a,queue=7, --with 'environment:vars={"A": "b,c=d:e\"f", "B": "Ü{["}' --with timeout:hours=1e0 --with 'secrets:sources=["inline.x"]' --with=card --with "card: id=it's, type=a=b"
from flowc import FlowSpec, batch, step


class Train(FlowSpec):
    @batch
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
