import type { Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  backToExternal: {
    en: 'Put spec.etcd.external back into the inventory: kboot does not move a cluster from one etcd to another.',
    zh: '把 spec.etcd.external 放回清单：kboot 不会把集群从一个 etcd 移到另一个。',
  },
  restoreCa: {
    en: 'Restore it from a backup, or from /etc/kubernetes/pki of a control plane. Only if that cluster no longer exists: remove the pki folder, and a new cluster identity is created.',
    zh: '从备份或控制平面主机的 /etc/kubernetes/pki 中恢复它。只有在那个集群已不存在时，才删除 pki 目录：kboot 会创建新的集群身份。',
  },
  restoreOriginal: {
    en: 'The cluster was created with the original: restore it from a backup or a control plane. An expired CA must be renewed with the same key and subject.',
    zh: '集群是用原来的文件创建的：从备份或控制平面主机恢复它。过期的 CA 必须用相同的密钥和主体续期。',
  },
  replaceOrRemove: {
    en: 'Replace it, or remove the .crt and the .key to let kboot create its own.',
    zh: '更换它，或者删除 .crt 和 .key，让 kboot 创建自己的。',
  },
  ownCa: {
    en: 'If the CA is your own, check its key usage and subject; otherwise this is a bug in kboot.',
    zh: '如果 CA 是你自己的，检查它的密钥用途和主体；否则这是 kboot 的缺陷。',
  },
} satisfies Texts;
