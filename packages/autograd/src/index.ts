export const packageName = '@downhill/autograd';
