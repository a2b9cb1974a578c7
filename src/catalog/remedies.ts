import type { About, Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  otherVersion: {
    en: 'Choose another spec.kubernetesVersion.',
    zh: '选择另一个 spec.kubernetesVersion。',
  },
  nearestVersion: ({ versions }: About<'versions'>) => ({
    en: `Set spec.kubernetesVersion to a known version; nearest: ${versions}.`,
    zh: `把 spec.kubernetesVersion 设为已知的版本；最接近的有：${versions}。`,
  }),
} satisfies Texts;
