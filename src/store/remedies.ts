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
  agePublicKey: {
    en: '`age-keygen` prints a public key, age1…, and writes the identity that belongs to it.',
    zh: '`age-keygen` 输出公钥（age1…），并写出与之对应的身份。',
  },
  ageIdentity: {
    en: 'It has lines AGE-SECRET-KEY-1…, as `age-keygen` writes them.',
    zh: '其中的行以 AGE-SECRET-KEY-1 开头，与 `age-keygen` 写出的相同。',
  },
  nothingWrittenAgain: {
    en: 'Nothing was written. Run the same command again.',
    zh: '没有写入任何内容。再次运行同一条命令。',
  },
  becomeRecipient: {
    en: 'Nothing was written. Have somebody who can decrypt it add your public key (age1…) to spec.state.recipients, and run `kboot up` or `kboot state push`.',
    zh: '没有写入任何内容。请能够解密它的人把你的公钥（age1…）加入 spec.state.recipients，并运行 `kboot up` 或 `kboot state push`。',
  },
  fromBackupOrGit: {
    en: 'Restore it from a backup or from git. Nothing was written.',
    zh: '从备份或 git 中恢复它。没有写入任何内容。',
  },
  readableOrOther: {
    en: 'Run kboot as a user who can read it, or specify another folder.',
    zh: '以能够读取它的用户身份运行 kboot，或者指定另一个目录。',
  },
  folderOfBundle: ({ directory }: About<'directory'>) => ({
    en: `Specify the folder that contains bundle.json, or create a bundle: \`kboot bundle create ${directory}\`.`,
    zh: `指定含有 bundle.json 的目录，或者创建离线包：\`kboot bundle create ${directory}\`。`,
  }),
  completeBundle: ({ directory }: About<'directory'>) => ({
    en: `\`kboot bundle create ${directory}\` fetches what is missing and writes it; \`kboot bundle index ${directory}\` writes it for the existing files.`,
    zh: `\`kboot bundle create ${directory}\` 获取缺失的文件并写出它；\`kboot bundle index ${directory}\` 为现有文件写出它。`,
  }),
  unpackBundle: {
    en: 'Specify the folder that contains bundle.json; unpack an archive of a bundle first.',
    zh: '指定含有 bundle.json 的目录；如果是离线包的归档文件，先解包。',
  },
  unsetBundle: {
    en: 'To run without a bundle, unset KBOOT_BUNDLE.',
    zh: '要不使用离线包运行，取消设置 KBOOT_BUNDLE。',
  },
  signOutside: ({ command }: About<'command'>) => ({
    en: `Nothing was changed. Without --sign-key, then \`${command}\`, which also asks for passphrases and uses the agent.`,
    zh: `没有做任何更改。去掉 --sign-key，然后运行 \`${command}\`，它还会询问口令，并使用 SSH agent。`,
  }),
  noHostContacted: {
    en: 'No host was contacted.',
    zh: '没有连接任何主机。',
  },
  makerSigns: ({ command }: About<'command'>) => ({
    en: `Its maker signs it: \`${command}\`, or --sign-key of \`kboot bundle index\`.`,
    zh: `由制作者为它签名：\`${command}\`，或者 \`kboot bundle index\` 的 --sign-key。`,
  }),
  getBundleAgain: {
    en: 'Get the bundle and its signature again, from a place that you trust.',
    zh: '从你信任的地方重新获取离线包及其签名。',
  },
  trustedKey: {
    en: 'Use a bundle that is signed with one of the trusted keys, or add this key to them, if you know whose it is.',
    zh: '使用由受信任的密钥签名的离线包；如果你知道这个密钥属于谁，也可以把它加入受信任的密钥。',
  },
  correctSigners: {
    en: 'Correct spec.artifacts.bundleSigners, or --signers.',
    zh: '改正 spec.artifacts.bundleSigners 或 --signers。',
  },
  signersFile: {
    en: 'It is a file as `ssh-keygen -Y verify` reads it: a name and a public key on each line.',
    zh: '它是 `ssh-keygen -Y verify` 读取的文件：每行一个名称和一个公钥。',
  },
  notThatFile: {
    en: 'It is not what it should be.',
    zh: '它不是应有的文件。',
  },
  asReader: {
    en: 'Run kboot as a user who can read it.',
    zh: '以能够读取它的用户身份运行 kboot。',
  },
  keyOfBackup: ({ kept }: About<'kept'>) => ({
    en: `Name the private key of a certificate in spec.etcd.backup.encryptFor: --key FILE, or KBOOT_BACKUP_KEY, or as ${kept}. Nothing was changed.`,
    zh: `指定 spec.etcd.backup.encryptFor 中某个证书的私钥：--key FILE 或 KBOOT_BACKUP_KEY，或者存为 ${kept}。没有做任何更改。`,
  }),
  freeSpace: {
    en: 'Free space on that file system and run the same command again.',
    zh: '释放该文件系统的空间，然后再次运行同一条命令。',
  },
  readOnly: {
    en: 'The file system is read-only; specify a folder elsewhere.',
    zh: '该文件系统是只读的；指定别处的目录。',
  },
  ownerOrOther: {
    en: 'Run kboot as the owner of that folder, or specify another.',
    zh: '以该目录所有者的身份运行 kboot，或者指定另一个目录。',
  },
  checkPath: {
    en: 'Check the path and its permissions.',
    zh: '检查路径及其权限。',
  },
  fileOfOneCluster: {
    en: 'Name a file with the machines of one cluster only.',
    zh: '指定只含有一个集群的机器的文件。',
  },
  saveAsUtf8: {
    en: 'Save it as UTF-8 text.',
    zh: '把它保存为 UTF-8 文本。',
  },
  mergeByAnsible: {
    en: 'Let Ansible merge them: `ansible-inventory -i FILE --list > hosts.json`, then --from-ansible hosts.json.',
    zh: '让 Ansible 合并它们：`ansible-inventory -i FILE --list > hosts.json`，然后使用 --from-ansible hosts.json。',
  },
  correctChart: {
    en: 'Correct the chart or its values; `helm dependency build` fetches charts that a folder depends on. Nothing was contacted.',
    zh: '修正 chart 或它的 values；`helm dependency build` 获取目录中的 chart 所依赖的 chart。没有连接任何主机。',
  },
  installHelm: ({ oldest }: About<'oldest'>) => ({
    en: `Install helm ${oldest} or newer on this machine (https://helm.sh/docs/intro/install). Nothing was contacted.`,
    zh: `在本机上安装 helm ${oldest} 或更新的版本（https://helm.sh/docs/intro/install）。没有连接任何主机。`,
  }),
  installKustomize: {
    en: 'Install kustomize 5 or newer, or kubectl 1.27 or newer, on this machine. Nothing was contacted.',
    zh: '在本机上安装 kustomize 5 或更新的版本，或者 kubectl 1.27 或更新的版本。没有连接任何主机。',
  },
  runKustomize: ({ folder }: About<'folder'>) => ({
    en: `Run \`kubectl kustomize ${folder}\`, and fix what it reports. Nothing was contacted.`,
    zh: `运行 \`kubectl kustomize ${folder}\`，并解决它报告的问题。没有连接任何主机。`,
  }),
  noRemoteParts: {
    en: 'kboot fetches nothing that a kustomization names, since it has no digest. Put the file into the folder, or use url with sha256.',
    zh: 'kboot 不会获取 kustomization 中写明的内容，因为它没有摘要。把文件放入该目录，或者使用 url 和 sha256。',
  },
  plainSsh: {
    en: 'kboot does not support that; set ssh.address and the other ssh fields in the inventory.',
    zh: 'kboot 不支持它；在清单中设置 ssh.address 和其他 ssh 字段。',
  },
  checkSshConfig: {
    en: 'Check the output of `vagrant ssh-config`.',
    zh: '检查 `vagrant ssh-config` 的输出。',
  },
  sameName: ({ machines }: About<'machines'>) => ({
    en: `It has ${machines}. Give the host and the machine the same name.`,
    zh: `其中有 ${machines}。让主机与虚拟机同名。`,
  }),
  startMachine: ({ dir, inventory, host }: About<'dir' | 'inventory' | 'host'>) => ({
    en: `Start it: cd ${dir} && KBOOT_INVENTORY=${inventory} vagrant up ${host}`,
    zh: `启动它：cd ${dir} && KBOOT_INVENTORY=${inventory} vagrant up ${host}`,
  }),
  profileWord: ({ profiles }: About<'profiles'>) => ({
    en: `It is one word: ${profiles}. Restore the state folder from a backup.`,
    zh: `它是下列词之一：${profiles}。从备份中恢复状态目录。`,
  }),
  setIdentity: {
    en: 'Set KBOOT_STATE_IDENTITY to the file with your identity (AGE-SECRET-KEY-1…), mode 600.',
    zh: '把 KBOOT_STATE_IDENTITY 设为包含你的身份（AGE-SECRET-KEY-1…）的文件，权限为 600。',
  },
  identityFile: {
    en: 'It has lines AGE-SECRET-KEY-1…, as `age-keygen -o FILE` writes them. Keys of SSH and of plugins are not supported.',
    zh: '其中的行以 AGE-SECRET-KEY-1 开头，与 `age-keygen -o FILE` 写出的相同。不支持 SSH 和插件的密钥。',
  },
  ownOnly: ({ path }: About<'path'>) => ({
    en: `Run chmod 600 ${path}.`,
    zh: `运行 chmod 600 ${path}。`,
  }),
  nothingWritten: {
    en: 'Nothing was written.',
    zh: '没有写入任何内容。',
  },
  setPassphrase: {
    en: 'Set KBOOT_STATE_PASSPHRASE, or KBOOT_STATE_PASSPHRASE_FILE to a file that only you can read.',
    zh: '设置 KBOOT_STATE_PASSPHRASE，或者把 KBOOT_STATE_PASSPHRASE_FILE 设为只有你能读取的文件。',
  },
  setVariable: ({ variable }: About<'variable'>) => ({
    en: `Set ${variable}.`,
    zh: `设置 ${variable}。`,
  }),
  otherArchive: {
    en: 'Name another file with --out, in a folder that you can write to.',
    zh: '用 --out 指定另一个文件，它所在的目录你必须可以写入。',
  },
} satisfies Texts;
