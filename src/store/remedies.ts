import type { About, Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  removeItAsksAgain: {
    en: 'Remove it: `kboot up` asks again.',
    zh: '删除它：`kboot up` 会再次询问。',
  },
  layDelta: ({ directory }: About<'directory'>) => ({
    en: `Copy it over that bundle, or over a copy of it, and use that folder: \`cp -a ${directory}/. BUNDLE/\`.`,
    zh: `把它复制到那个离线包（或其副本）之上，然后使用那个目录：\`cp -a ${directory}/. BUNDLE/\`。`,
  }),
  nameUser: {
    en: 'Name the user, `--username USER`, and give the password in KBOOT_REGISTRY_PASSWORD or with --password-file.',
    zh: '用 `--username USER` 指定用户，用 KBOOT_REGISTRY_PASSWORD 或 --password-file 给出密码。',
  },
  saveImageAgain: {
    en: 'No host was changed. Save the image again (`docker save NAME:TAG` or `ctr images export`), or fetch it with `kboot bundle create`.',
    zh: '没有更改任何主机。重新保存镜像（`docker save NAME:TAG` 或 `ctr images export`），或者用 `kboot bundle create` 获取它。',
  },
  saveWithTag: {
    en: 'Save it with its tag: `docker save NAME:TAG` or `ctr images export`.',
    zh: '连同标签一起保存：`docker save NAME:TAG` 或 `ctr images export`。',
  },
  restoreOrRemove: {
    en: 'Restore it, or remove it if it is no longer needed.',
    zh: '恢复它；如果不再需要，删除它。',
  },
  readEveryFile: {
    en: 'Run kboot as a user who can read every file below it.',
    zh: '以能够读取其中所有文件的用户身份运行 kboot。',
  },
  removeOrReplaceFile: {
    en: 'Remove it, or put a regular file there.',
    zh: '删除它，或者在那里放一个普通文件。',
  },
  removeArchive: {
    en: 'Remove the archive that is not to be used.',
    zh: '删除不应使用的归档文件。',
  },
  bundleLayout: ({ directory }: About<'directory'>) => ({
    en: `The layout is bin/linux-ARCH/, archives/linux-ARCH/, images/linux-ARCH/*.tar. \`kboot bundle create ${directory}\` fetches such files.`,
    zh: `目录结构是 bin/linux-ARCH/、archives/linux-ARCH/、images/linux-ARCH/*.tar。\`kboot bundle create ${directory}\` 会获取这些文件。`,
  }),
  nameVersion: {
    en: 'Specify it, for example --kubernetes-version v1.36.2.',
    zh: '指定它，例如 --kubernetes-version v1.36.2。',
  },
  copyIndexAgain: ({ directory }: About<'directory'>) => ({
    en: `Copy it again, or write a new one for the existing files: \`kboot bundle index ${directory}\`.`,
    zh: `重新复制它，或者为现有文件写一个新的：\`kboot bundle index ${directory}\`。`,
  }),
  newIndex: ({ directory }: About<'directory'>) => ({
    en: `\`kboot bundle index ${directory}\` writes a new one.`,
    zh: `\`kboot bundle index ${directory}\` 会写一个新的。`,
  }),
  copyFilesAgain: {
    en: 'No host was changed. Copy these files again, or, if the change is intended, run `kboot bundle index` again.',
    zh: '没有更改任何主机。重新复制这些文件；如果是有意的更改，再次运行 `kboot bundle index`。',
  },
  nameBackupKey: {
    en: 'Name the private key of one of the certificates that spec.etcd.backup.encryptFor had when it was taken: --key FILE. Nothing was changed.',
    zh: '指定生成快照时 spec.etcd.backup.encryptFor 中某个证书的私钥：--key FILE。没有做任何更改。',
  },
  otherSnapshot: {
    en: 'Nothing was changed. Take another snapshot: `kboot etcd list INVENTORY` shows them.',
    zh: '没有做任何更改。换用另一个快照：`kboot etcd list INVENTORY` 列出它们。',
  },
  removeAndPull: {
    en: 'Remove it, and run `kboot state pull INVENTORY`.',
    zh: '删除它，然后运行 `kboot state pull INVENTORY`。',
  },
  removePassphrase: {
    en: 'To remove a passphrase: openssl pkey -in FILE -out FILE-WITHOUT. Nothing was changed.',
    zh: '要去掉口令：openssl pkey -in FILE -out FILE-WITHOUT。没有做任何更改。',
  },
  keyIsOneLine: {
    en: 'It is one line, 32 bytes in base64. Restore it from a backup, or remove the file: kboot reads a key that is in use back from a control plane.',
    zh: '它是一行，32 字节的 base64。从备份中恢复它，或者删除该文件：kboot 会从控制平面主机读回正在使用的密钥。',
  },
  removeLink: {
    en: 'Remove the link.',
    zh: '删除该链接。',
  },
  kubeconfigIsLocked: ({ path }: About<'path'>) => ({
    en: `Wait until it ends. If no kubectl or other program is at work, a killed one left it: remove ${path}. Nothing was changed.`,
    zh: `等待它结束。如果没有 kubectl 或其他程序在运行，它是被中止的程序留下的：删除 ${path}。没有做任何更改。`,
  }),
  folderIsLocked: ({ left }: About<'left'>) => ({
    en: `Wait until it ends. If that process is gone, the lock can be taken over in ${left} s; \`kboot unlock\` shows more.`,
    zh: `等待它结束。如果该进程已不存在，${left} 秒后可以接手锁；\`kboot unlock\` 显示更多内容。`,
  }),
  clusterIdFile: {
    en: "It is one line, sha256: and 64 hexadecimal digits, and must equal /var/lib/kboot/cluster on the cluster's hosts. Copy it from there, or restore the state folder from a backup.",
    zh: '它是一行，内容为 sha256: 和 64 个十六进制数字，必须与集群主机上的 /var/lib/kboot/cluster 相同。从那里复制，或者从备份中恢复状态目录。',
  },
  exchangeHasBegun: {
    en: 'An exchange of CAs has begun, and hosts may trust or use this one already. Restore the state folder from a backup.',
    zh: 'CA 的更换已经开始，主机可能已信任或使用这个 CA。从备份中恢复状态目录。',
  },
  replaceCertificate: {
    en: 'Replace it, or remove the .crt and the .key there to let kboot create its own.',
    zh: '更换它，或者删除那里的 .crt 和 .key，让 kboot 创建自己的。',
  },
  damagedOrNewer: {
    en: 'It is damaged, or of a newer kboot. Restore it from a copy: `kboot state pull INVENTORY`.',
    zh: '它已损坏，或者来自更新版本的 kboot。从副本中恢复它：`kboot state pull INVENTORY`。',
  },
  restoreFromCopy: {
    en: 'Restore it from a copy: `kboot state pull INVENTORY`, or read the folder back: `kboot adopt INVENTORY`.',
    zh: '从副本中恢复它：`kboot state pull INVENTORY`；或者从主机读回状态目录：`kboot adopt INVENTORY`。',
  },
  repairLockFile: {
    en: 'Hosts are held to this file. Repair it, or restore it from version control.',
    zh: '主机以这个文件为准。修复它，或者从版本控制中恢复它。',
  },
  restoreState: {
    en: 'Restore the state folder from a backup.',
    zh: '从备份中恢复状态目录。',
  },
  planAgain: {
    en: 'Run the same command again: it makes a new plan.',
    zh: '再次运行同一条命令：它会生成新的计划。',
  },
  snapshotNotKept: {
    en: 'It was not kept. Run the same command again; `kboot etcd members INVENTORY` shows the members.',
    zh: '它没有保留。再次运行同一条命令；`kboot etcd members INVENTORY` 列出成员。',
  },
  newerFormat: ({ format }: About<'format'>) => ({
    en: `This kboot reads format ${format}: install the newer one. Nothing was written.`,
    zh: `这个 kboot 读取格式 ${format}：安装更新的版本。没有写入任何内容。`,
  }),
  notAnArchive: {
    en: 'It was not made by `kboot state push`, or was changed since. Nothing was written.',
    zh: '它不是由 `kboot state push` 生成的，或者之后被更改过。没有写入任何内容。',
  },
  completePull: {
    en: '`kboot state pull INVENTORY` completes it. Nothing is lost.',
    zh: '`kboot state pull INVENTORY` 会完成它。没有丢失任何内容。',
  },
  otherFolder: {
    en: 'Specify another folder with --state.',
    zh: '用 --state 指定另一个目录。',
  },
  holdsPrivateKeys: {
    en: 'It contains private keys. Run kboot as its owner, change its owner, or specify another folder with --state.',
    zh: '其中有私钥。以其所有者的身份运行 kboot，更改它的所有者，或者用 --state 指定另一个目录。',
  },
  ownTrustFile: ({ file }: About<'file'>) => ({
    en: `It says which commands of inventories may run. Remove it, or make it yours: chmod 600 ${file}`,
    zh: `它记录清单中的哪些命令可以运行。删除它，或者让它只属于你：chmod 600 ${file}`,
  }),
  correctVagrant: {
    en: "Correct ssh.vagrant; a relative path is resolved from the inventory's folder.",
    zh: '改正 ssh.vagrant；相对路径从清单所在的目录算起。',
  },
  installVagrant: {
    en: 'Install Vagrant (Debian: apt-get install vagrant), or set ssh.address and the other ssh fields instead.',
    zh: '安装 Vagrant（Debian：apt-get install vagrant），或者改为设置 ssh.address 和其他 ssh 字段。',
  },
  vagrantStatus: ({ folder }: About<'folder'>) => ({
    en: `Run \`vagrant status\` in ${folder} and fix the error.`,
    zh: `在 ${folder} 中运行 \`vagrant status\`，并解决错误。`,
  }),
} satisfies Texts;
