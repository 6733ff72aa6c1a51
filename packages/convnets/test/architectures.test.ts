import {
  alexnet,
  convnetjsCifar,
  googlenet,
  lenet5,
  originalLenet5,
  resnet,
  smallAlexnet,
  smallGooglenet,
  smallResnet,
  smallVgg,
  smallZfnet,
  vgg,
  zfnet,
} from '@downhill/convnets';
import { countCompilations, DownhillError, ShapeError, zeros } from '@downhill/tensor';
import { summary, type Module } from '@downhill/layers';
import { describe, expect, it } from 'vitest';

function parametersOf(model: Module): number {
  return model.parameters().reduce((total, { size }) => total + size, 0);
}

describe('published architectures have the published parameters, and 1000 scores for images of 224 × 224', () => {
  it.each<[string, () => Module, number]>([
    // 34,944 + 307,456 + 885,120 + 663,936 + 442,624 + 37,752,832 + 16,781,312 + 4,097,000
    ['AlexNet, with its groups', () => alexnet(), 60_965_224],
    // 14,208 + 614,656 + 885,120 + 1,327,488 + 884,992 + 37,752,832 + 16,781,312 + 4,097,000
    ['ZFNet', () => zfnet(), 62_357_608],
    ['VGG-11', () => vgg(11), 132_863_336],
    ['VGG-13', () => vgg(13), 133_047_848],
    ['VGG-16', () => vgg(16), 138_357_544],
    ['VGG-19', () => vgg(19), 143_667_240],
    ['GoogLeNet', () => googlenet(), 6_998_552],
    ['GoogLeNet with auxiliary heads', () => googlenet({ auxiliary: true }), 13_378_280],
    ['ResNet-18', () => resnet(18), 11_689_512],
    ['ResNet-34', () => resnet(34), 21_797_672],
    ['ResNet-50', () => resnet(50), 25_557_032],
    ['ResNet-101', () => resnet(101), 44_549_160],
    ['ResNet-152', () => resnet(152), 60_192_808],
    ['ResNet-152 as torchvision strides', () => resnet(152, { stridedKernel: 3 }), 60_192_808],
  ])('%s', (_, build, count) => {
    const model = build();
    expect(parametersOf(model)).toBe(count);
    expect(model.forward(zeros([2, 3, 224, 224])).shape).toEqual([2, 1000]);
  });

  it('AlexNet takes the 227 × 227 that its arithmetic wants, too', () => {
    expect(alexnet().forward(zeros([1, 3, 227, 227])).shape).toEqual([1, 1000]);
  });

  it('GoogLeNet gives the scores of its three heads at once', () => {
    const shapes = googlenet({ auxiliary: true, classes: 7 })
      .forwardAll(zeros([2, 3, 224, 224]))
      .map(({ shape }) => shape);
    expect(shapes).toEqual([
      [2, 7],
      [2, 7],
      [2, 7],
    ]);
    expect(googlenet({ classes: 7 }).forwardAll(zeros([2, 3, 224, 224]))).toHaveLength(1);
  });
});

describe('networks for small images', () => {
  it.each<[string, () => Module, number, number[]]>([
    // 156 + 2,416 + 48,120 + 10,164 + 850
    ['LeNet-5, modern', () => lenet5(), 61_706, [1, 28, 28]],
    // 156 + 12 + 1,516 + 32 + 48,120 + 10,164
    ['LeNet-5, original', () => originalLenet5(), 60_000, [1, 32, 32]],
    ['LeNet-5, original, padded', () => originalLenet5({ padding: 2 }), 60_000, [1, 28, 28]],
    // 1,216 + 8,020 + 10,020 + 3,210
    ["ConvNetJS's", () => convnetjsCifar(), 22_466, [3, 32, 32]],
    // 432 + 32, then 13,824 + 192, 50,688 + 384, 202,752 + 768, then 650
    ['ResNet-20', () => smallResnet(20), 269_722, [3, 32, 32]],
    ['ResNet-56', () => smallResnet(56), 853_018, [3, 32, 32]],
    ['ResNet-110', () => smallResnet(110), 1_727_962, [3, 32, 32]],
    ['plain-20', () => smallResnet(20, { shortcuts: false }), 269_722, [3, 32, 32]],
    ['plain-56', () => smallResnet(56, { shortcuts: false }), 853_018, [3, 32, 32]],
  ])('%s has as many parameters as published', (_, build, count, image) => {
    const model = build();
    expect(parametersOf(model)).toBe(count);
    expect(model.forward(zeros([2, ...image])).shape).toEqual([2, 10]);
  });

  it.each<[string, (channels: number, classes: number) => Module]>([
    ['AlexNet', (channels, classes) => smallAlexnet({ channels, classes })],
    ['ZFNet', (channels, classes) => smallZfnet({ channels, classes })],
    ['VGG', (channels, classes) => smallVgg({ channels, classes })],
    [
      'VGG without batch normalization',
      (channels, classes) => smallVgg({ channels, classes, batchNorm: false }),
    ],
    ['GoogLeNet', (channels, classes) => smallGooglenet({ channels, classes })],
    ['ResNet', (channels, classes) => smallResnet(8, { channels, classes, width: 8 })],
  ])('%s takes digits and small photographs, and has under a million parameters', (_, build) => {
    const digits = build(1, 10);
    expect(digits.forward(zeros([2, 1, 28, 28]), { training: true }).shape).toEqual([2, 10]);
    expect(parametersOf(digits)).toBeLessThan(1e6);
    expect(build(3, 100).forward(zeros([2, 3, 32, 32])).shape).toEqual([2, 100]);
  });

  it('are as narrow as wanted, and halve images at once where told to', () => {
    const shapes = (model: Module): string[] =>
      summary(model, [2, 1, 28, 28]).rows.map(({ outputShape }) => outputShape.join());
    const narrow = shapes(smallVgg({ channels: 1, width: 8 }));
    expect(narrow).toContain('2,8,28,28');
    expect(narrow).toContain('2,32,7,7');
    const halved = shapes(smallResnet(8, { channels: 1, stride: 2 }));
    expect(halved[0]).toBe('2,16,14,14');
    expect(halved).toContain('2,64,4,4');
  });

  it('the deep ones take small images as well', () => {
    expect(resnet(152, { channels: 1, classes: 10 }).forward(zeros([2, 1, 32, 32])).shape).toEqual([2, 10]);
  });
});

describe('building', () => {
  it('allocates no weights and runs nothing but counts of random draws', () => {
    const before = process.memoryUsage().arrayBuffers;
    const model = vgg(16);
    model.forward(zeros([1, 3, 224, 224]));
    // 138 million weights would be 553 MB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
    const compiled = countCompilations();
    model.state();
    expect(countCompilations()).toBe(compiled);
  });

  it('refuses depths there are none of', () => {
    // @ts-expect-error there is no such depth
    expect(() => resnet(20)).toThrow('resnet: expected a depth of 18, 34, 50, 101, 152, got 20');
    // @ts-expect-error there is no such depth
    expect(() => vgg(12)).toThrow('vgg: expected a depth of 11, 13, 16, 19, got 12');
    expect(() => smallResnet(21)).toThrow(DownhillError);
    expect(() => smallResnet(21)).toThrow('6 n + 2');
  });

  it('says which size images should have', () => {
    expect(() => lenet5().forward(zeros([1, 1, 32, 32]))).toThrow('Linear(400, 120): expected [..., 400]');
    expect(() => lenet5().forward(zeros([1, 3, 28, 28]))).toThrow('axis 1 must be the 1 channels');
    expect(() => alexnet().forward(zeros([1, 3, 32, 32]))).toThrow(ShapeError);
  });
});
