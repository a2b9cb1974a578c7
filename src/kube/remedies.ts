import type { Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  supportedKinds: {
    en: 'The supported kinds are listed in src/kube/paths.ts.',
    zh: '支持的种类列在 src/kube/paths.ts 中。',
  },
} satisfies Texts;
