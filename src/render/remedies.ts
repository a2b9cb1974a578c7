import type { Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  createFolder: {
    en: 'Create it, correct the path, or remove spec.templates.',
    zh: '创建它，改正路径，或者去掉 spec.templates。',
  },
  samePath: {
    en: "Give the file the same path as the template that it replaces, relative to kboot's templates/ folder.",
    zh: '让该文件的路径与它替换的模板相同，从 kboot 的 templates/ 目录算起。',
  },
  copyIntoFolder: {
    en: 'Copy the file into the folder: a template is a file in it, or a link to one in it.',
    zh: '把文件复制到该目录：模板是其中的文件，或者指向其中某个文件的链接。',
  },
  correctTemplate: {
    en: 'Correct the template; src/render/params.ts lists the variables of each template.',
    zh: '修正模板；src/render/params.ts 列出每个模板的变量。',
  },
} satisfies Texts;
