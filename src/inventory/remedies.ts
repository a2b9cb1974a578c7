import type { Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  checkPath: {
    en: 'Check the path and its permissions.',
    zh: '检查路径及其权限。',
  },
  saveAsUtf8: {
    en: 'Save it as UTF-8 text.',
    zh: '把它保存为 UTF-8 文本。',
  },
  checkPathOrInit: {
    en: 'Check the path, or write a new inventory with `kboot init`.',
    zh: '检查路径，或者用 `kboot init` 新写一份清单。',
  },
  fileInside: {
    en: 'Specify the YAML file inside it.',
    zh: '指定其中的 YAML 文件。',
  },
  changePermissions: {
    en: 'Change its permissions, or run kboot as the user who owns it.',
    zh: '更改它的权限，或者以其所有者的身份运行 kboot。',
  },
} satisfies Texts;
