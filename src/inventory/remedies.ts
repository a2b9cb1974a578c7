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
  newCluster: {
    en: 'Make a second cluster with the new value, move the workloads, and reset this one.',
    zh: '用新值另建一个集群，迁移工作负载，然后重置这个集群。',
  },
  anotherNode: {
    en: 'Remove the host from the inventory and run `kboot up`, then add it again with the new value.',
    zh: '从清单中移除该主机并运行 `kboot up`，然后用新值再把它加回去。',
  },
  dataStays: {
    en: 'Set it back; kboot does not move data.',
    zh: '改回原来的值；kboot 不会移动数据。',
  },
} satisfies Texts;
