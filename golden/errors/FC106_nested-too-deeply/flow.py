from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.next(self.f0, foreach='x')

    @step
    def f0(self):
        self.next(self.f1, foreach='x')

    @step
    def f1(self):
        self.next(self.f2, foreach='x')

    @step
    def f2(self):
        self.next(self.f3, foreach='x')

    @step
    def f3(self):
        self.next(self.f4, foreach='x')

    @step
    def f4(self):
        self.next(self.f5, foreach='x')

    @step
    def f5(self):
        self.next(self.f6, foreach='x')

    @step
    def f6(self):
        self.next(self.f7, foreach='x')

    @step
    def f7(self):
        self.next(self.f8, foreach='x')

    @step
    def f8(self):
        self.next(self.f9, foreach='x')

    @step
    def f9(self):
        self.next(self.f10, foreach='x')

    @step
    def f10(self):
        self.next(self.f11, foreach='x')

    @step
    def f11(self):
        self.next(self.f12, foreach='x')

    @step
    def f12(self):
        self.next(self.f13, foreach='x')

    @step
    def f13(self):
        self.next(self.f14, foreach='x')

    @step
    def f14(self):
        self.next(self.f15, foreach='x')

    @step
    def f15(self):
        self.next(self.f16, foreach='x')

    @step
    def f16(self):
        self.next(self.f17, foreach='x')

    @step
    def f17(self):
        self.next(self.f18, foreach='x')

    @step
    def f18(self):
        self.next(self.f19, foreach='x')

    @step
    def f19(self):
        self.next(self.f20, foreach='x')

    @step
    def f20(self):
        self.next(self.f21, foreach='x')

    @step
    def f21(self):
        self.next(self.f22, foreach='x')

    @step
    def f22(self):
        self.next(self.f23, foreach='x')

    @step
    def f23(self):
        self.next(self.f24, foreach='x')

    @step
    def f24(self):
        self.next(self.f25, foreach='x')

    @step
    def f25(self):
        self.next(self.f26, foreach='x')

    @step
    def f26(self):
        self.next(self.f27, foreach='x')

    @step
    def f27(self):
        self.next(self.f28, foreach='x')

    @step
    def f28(self):
        self.next(self.f29, foreach='x')

    @step
    def f29(self):
        self.next(self.f30, foreach='x')

    @step
    def f30(self):
        self.next(self.f31, foreach='x')

    @step
    def f31(self):
        self.next(self.f32, foreach='x')

    @step
    def f32(self):
        self.next(self.f33, foreach='x')

    @step
    def f33(self):
        self.next(self.f34, foreach='x')

    @step
    def f34(self):
        self.next(self.f35, foreach='x')

    @step
    def f35(self):
        self.next(self.f36, foreach='x')

    @step
    def f36(self):
        self.next(self.f37, foreach='x')

    @step
    def f37(self):
        self.next(self.f38, foreach='x')

    @step
    def f38(self):
        self.next(self.f39, foreach='x')

    @step
    def f39(self):
        self.next(self.f40, foreach='x')

    @step
    def f40(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
