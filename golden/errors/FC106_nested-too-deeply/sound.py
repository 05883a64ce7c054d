"""As deep as it may go: foreach in foreach, and brackets in brackets."""

from flowc import FlowSpec, step


class Example(FlowSpec):
    @step
    def start(self):
        self.items = [0]
        self.nested = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
        self.next(self.f1, foreach="items")

    @step
    def f1(self):
        self.items = [0]
        self.next(self.f2, foreach="items")

    @step
    def f2(self):
        self.items = [0]
        self.next(self.f3, foreach="items")

    @step
    def f3(self):
        self.items = [0]
        self.next(self.f4, foreach="items")

    @step
    def f4(self):
        self.items = [0]
        self.next(self.f5, foreach="items")

    @step
    def f5(self):
        self.items = [0]
        self.next(self.f6, foreach="items")

    @step
    def f6(self):
        self.items = [0]
        self.next(self.f7, foreach="items")

    @step
    def f7(self):
        self.items = [0]
        self.next(self.f8, foreach="items")

    @step
    def f8(self):
        self.items = [0]
        self.next(self.f9, foreach="items")

    @step
    def f9(self):
        self.items = [0]
        self.next(self.f10, foreach="items")

    @step
    def f10(self):
        self.items = [0]
        self.next(self.f11, foreach="items")

    @step
    def f11(self):
        self.items = [0]
        self.next(self.f12, foreach="items")

    @step
    def f12(self):
        self.items = [0]
        self.next(self.f13, foreach="items")

    @step
    def f13(self):
        self.items = [0]
        self.next(self.f14, foreach="items")

    @step
    def f14(self):
        self.items = [0]
        self.next(self.f15, foreach="items")

    @step
    def f15(self):
        self.items = [0]
        self.next(self.f16, foreach="items")

    @step
    def f16(self):
        self.items = [0]
        self.next(self.f17, foreach="items")

    @step
    def f17(self):
        self.items = [0]
        self.next(self.f18, foreach="items")

    @step
    def f18(self):
        self.items = [0]
        self.next(self.f19, foreach="items")

    @step
    def f19(self):
        self.items = [0]
        self.next(self.f20, foreach="items")

    @step
    def f20(self):
        self.items = [0]
        self.next(self.f21, foreach="items")

    @step
    def f21(self):
        self.items = [0]
        self.next(self.f22, foreach="items")

    @step
    def f22(self):
        self.items = [0]
        self.next(self.f23, foreach="items")

    @step
    def f23(self):
        self.items = [0]
        self.next(self.f24, foreach="items")

    @step
    def f24(self):
        self.items = [0]
        self.next(self.f25, foreach="items")

    @step
    def f25(self):
        self.items = [0]
        self.next(self.f26, foreach="items")

    @step
    def f26(self):
        self.items = [0]
        self.next(self.f27, foreach="items")

    @step
    def f27(self):
        self.items = [0]
        self.next(self.f28, foreach="items")

    @step
    def f28(self):
        self.items = [0]
        self.next(self.f29, foreach="items")

    @step
    def f29(self):
        self.items = [0]
        self.next(self.f30, foreach="items")

    @step
    def f30(self):
        self.items = [0]
        self.next(self.f31, foreach="items")

    @step
    def f31(self):
        self.items = [0]
        self.next(self.f32, foreach="items")

    @step
    def f32(self):
        self.items = [0]
        self.next(self.f33, foreach="items")

    @step
    def f33(self):
        self.items = [0]
        self.next(self.f34, foreach="items")

    @step
    def f34(self):
        self.items = [0]
        self.next(self.f35, foreach="items")

    @step
    def f35(self):
        self.items = [0]
        self.next(self.f36, foreach="items")

    @step
    def f36(self):
        self.items = [0]
        self.next(self.f37, foreach="items")

    @step
    def f37(self):
        self.items = [0]
        self.next(self.f38, foreach="items")

    @step
    def f38(self):
        self.items = [0]
        self.next(self.f39, foreach="items")

    @step
    def f39(self):
        self.items = [0]
        self.next(self.f40, foreach="items")

    @step
    def f40(self):
        self.next(self.j40)

    @step
    def j40(self, inputs):
        self.next(self.j39)

    @step
    def j39(self, inputs):
        self.next(self.j38)

    @step
    def j38(self, inputs):
        self.next(self.j37)

    @step
    def j37(self, inputs):
        self.next(self.j36)

    @step
    def j36(self, inputs):
        self.next(self.j35)

    @step
    def j35(self, inputs):
        self.next(self.j34)

    @step
    def j34(self, inputs):
        self.next(self.j33)

    @step
    def j33(self, inputs):
        self.next(self.j32)

    @step
    def j32(self, inputs):
        self.next(self.j31)

    @step
    def j31(self, inputs):
        self.next(self.j30)

    @step
    def j30(self, inputs):
        self.next(self.j29)

    @step
    def j29(self, inputs):
        self.next(self.j28)

    @step
    def j28(self, inputs):
        self.next(self.j27)

    @step
    def j27(self, inputs):
        self.next(self.j26)

    @step
    def j26(self, inputs):
        self.next(self.j25)

    @step
    def j25(self, inputs):
        self.next(self.j24)

    @step
    def j24(self, inputs):
        self.next(self.j23)

    @step
    def j23(self, inputs):
        self.next(self.j22)

    @step
    def j22(self, inputs):
        self.next(self.j21)

    @step
    def j21(self, inputs):
        self.next(self.j20)

    @step
    def j20(self, inputs):
        self.next(self.j19)

    @step
    def j19(self, inputs):
        self.next(self.j18)

    @step
    def j18(self, inputs):
        self.next(self.j17)

    @step
    def j17(self, inputs):
        self.next(self.j16)

    @step
    def j16(self, inputs):
        self.next(self.j15)

    @step
    def j15(self, inputs):
        self.next(self.j14)

    @step
    def j14(self, inputs):
        self.next(self.j13)

    @step
    def j13(self, inputs):
        self.next(self.j12)

    @step
    def j12(self, inputs):
        self.next(self.j11)

    @step
    def j11(self, inputs):
        self.next(self.j10)

    @step
    def j10(self, inputs):
        self.next(self.j9)

    @step
    def j9(self, inputs):
        self.next(self.j8)

    @step
    def j8(self, inputs):
        self.next(self.j7)

    @step
    def j7(self, inputs):
        self.next(self.j6)

    @step
    def j6(self, inputs):
        self.next(self.j5)

    @step
    def j5(self, inputs):
        self.next(self.j4)

    @step
    def j4(self, inputs):
        self.next(self.j3)

    @step
    def j3(self, inputs):
        self.next(self.j2)

    @step
    def j2(self, inputs):
        self.next(self.j1)

    @step
    def j1(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
