import type { About, Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  indexAgain: {
    en: '`kboot bundle index DIR` writes bundle.json again.',
    zh: '`kboot bundle index DIR` 重新写出 bundle.json。',
  },
  bundleOfVersion: {
    en: 'Use a bundle of that version, or change spec.kubernetesVersion; --bundle can be given several times.',
    zh: '使用该版本的离线包，或者更改 spec.kubernetesVersion；--bundle 可以写多次。',
  },
  oneOfTheBundles: {
    en: 'Specify one of them: with several bundles, each is for another version.',
    zh: '指定其中之一：有多个离线包时，每个对应另一个版本。',
  },
  fetchAgain: {
    en: 'Run the same command again: complete files are not fetched again.',
    zh: '再次运行同一条命令：不会重新获取完整的文件。',
  },
  noDigests: {
    en: 'Nothing was fetched. `kboot lock INVENTORY` writes the digests that the registry serves now into kboot.lock.yaml; review it, and add --inventory INVENTORY. Or add --allow-unofficial, which takes whatever the registry serves.',
    zh: '没有获取任何文件。`kboot lock INVENTORY` 把镜像仓库现在提供的摘要写入 kboot.lock.yaml；检查它，并加上 --inventory INVENTORY。或者加上 --allow-unofficial，接受镜像仓库提供的任何内容。',
  },
  otherBundleFolder: {
    en: 'Nothing was fetched. Use another folder, or remove these files.',
    zh: '没有获取任何文件。使用另一个目录，或者删除这些文件。',
  },
  defragNeedsAll: {
    en: 'A member does not respond while it is defragmented, so all others must. `kboot etcd members INVENTORY` shows why. Nothing was changed.',
    zh: '成员在整理碎片期间不响应，因此其他成员都必须响应。`kboot etcd members INVENTORY` 显示原因。没有做任何更改。',
  },
  othersNotDefragmented: {
    en: 'The other members were not defragmented. `kboot etcd members INVENTORY` shows the members.',
    zh: '没有整理其他成员。`kboot etcd members INVENTORY` 列出成员。',
  },
  useEtcdctl: {
    en: 'Use etcdctl with the credentials of that etcd.',
    zh: '使用 etcdctl 和那个 etcd 的凭据。',
  },
  rightFolder: {
    en: 'Specify the right folder with --state.',
    zh: '用 --state 指定正确的目录。',
  },
  listSnapshots: {
    en: '`kboot etcd list INVENTORY` shows the snapshots in the state folder. Nothing was changed.',
    zh: '`kboot etcd list INVENTORY` 列出状态目录中的快照。没有做任何更改。',
  },
  noSnapshot: {
    en: '`kboot etcd members INVENTORY` shows why. If all members are lost, `kboot etcd list INVENTORY` shows the snapshots that there are.',
    zh: '`kboot etcd members INVENTORY` 显示原因。如果所有成员都已丢失，`kboot etcd list INVENTORY` 列出现有的快照。',
  },
  moveKubeconfig: {
    en: 'Move it away, or set KUBECONFIG to another file.',
    zh: '移走它，或者把 KUBECONFIG 设为另一个文件。',
  },
  serverAddress: {
    en: 'Give scheme, address or DNS name, and port, without a path.',
    zh: '写出协议、地址或 DNS 名称以及端口，不带路径。',
  },
  upFirst: {
    en: 'Run `kboot up` first, or set --state to the state folder of this cluster.',
    zh: '先运行 `kboot up`，或者把 --state 设为这个集群的状态目录。',
  },
  fixHook: {
    en: 'Fix the cause and run the same command again: it continues there.',
    zh: '解决原因，然后再次运行同一条命令：它会从那里继续。',
  },
  noPlainKeys: {
    en: 'Private keys must not be on this disk in plain text. Omit the flag, or the field.',
    zh: '私钥不能以明文存放在这块磁盘上。去掉该标志，或者去掉该字段。',
  },
  newOutFolder: {
    en: 'Specify a new folder with --out.',
    zh: '用 --out 指定一个新目录。',
  },
  stageGoesOn: {
    en: 'Nothing is lost. Run the same command again: it goes on with this stage.',
    zh: '没有丢失任何内容。再次运行同一条命令：它会继续这个阶段。',
  },
  otherPlanFile: {
    en: 'Specify another file. `-o json` prints the plan to stdout.',
    zh: '指定另一个文件。`-o json` 把计划输出到 stdout。',
  },
  writableFolder: {
    en: 'Specify a file in a writable folder.',
    zh: '指定可写目录中的文件。',
  },
  planFromHosts: {
    en: 'Make a plan from the hosts: `kboot plan INVENTORY --out FILE` without --offline.',
    zh: '从主机生成计划：`kboot plan INVENTORY --out FILE`，不要加 --offline。',
  },
  sameInventory: {
    en: 'Nothing was contacted. Use the inventory and the state folder (--state) that it was made with.',
    zh: '没有连接任何主机。使用生成计划时的清单和状态目录（--state）。',
  },
  omitFlag: ({ flag }: About<'flag'>) => ({
    en: `Omit ${flag}: a saved plan is applied as it is. Or make another plan.`,
    zh: `去掉 ${flag}：已保存的计划会照原样执行。或者另外生成一份计划。`,
  }),
  nameCopy: {
    en: 'Set spec.state.copy in the inventory, or name it: kboot state push INVENTORY FILE.',
    zh: '在清单中设置 spec.state.copy，或者写出它：kboot state push INVENTORY FILE。',
  },
  copyElsewhere: {
    en: 'Name a file elsewhere: the copy is for the day when that folder is lost.',
    zh: '指定别处的文件：副本是为该目录丢失的那一天准备的。',
  },
  fileOfCluster: {
    en: 'Name the file of this cluster; neither was changed.',
    zh: '指定这个集群的文件；两者都没有更改。',
  },
  overwrittenCopy: {
    en: 'Name another file. A file that `kboot state push` wrote was overwritten or damaged: restore it.',
    zh: '指定另一个文件。由 `kboot state push` 写出的文件被覆盖或损坏时，恢复它。',
  },
  noCopy: {
    en: '`kboot state push INVENTORY` writes it. If the state folder is lost too, `kboot adopt INVENTORY` reads it back from the hosts.',
    zh: '`kboot state push INVENTORY` 会写出它。如果状态目录也丢失了，`kboot adopt INVENTORY` 从主机读回它。',
  },
  bothChanged: {
    en: 'Both have changed, and nothing was overwritten. Decide together with the person who pushed. `kboot state pull INVENTORY --force` takes the copy, and keeps the files that it replaces; `kboot state push INVENTORY --force` keeps the folder.',
    zh: '两边都有改动，没有覆盖任何内容。与推送的人一起决定。`kboot state pull INVENTORY --force` 采用副本，并保留被替换的文件；`kboot state push INVENTORY --force` 保留状态目录。',
  },
  folderChanged: {
    en: 'Nothing was overwritten. `kboot state push INVENTORY` keeps the folder; `kboot state pull INVENTORY --force` takes the copy, and keeps the files that it replaces.',
    zh: '没有覆盖任何内容。`kboot state push INVENTORY` 保留状态目录；`kboot state pull INVENTORY --force` 采用副本，并保留被替换的文件。',
  },
  olderCopy: {
    en: 'It was restored from somewhere, or its repository is not up to date (git pull). Nothing was overwritten; `--force` takes it nevertheless.',
    zh: '它是从别处恢复的，或者它的仓库没有更新（git pull）。没有覆盖任何内容；`--force` 仍然采用它。',
  },
  mountCopy: {
    en: 'Create or mount it, or correct spec.state.copy. Nothing was written.',
    zh: '创建或挂载它，或者改正 spec.state.copy。没有写入任何内容。',
  },
  upOrPull: {
    en: 'Run `kboot up INVENTORY` first. If the folder was lost, `kboot state pull INVENTORY` restores it from the copy.',
    zh: '先运行 `kboot up INVENTORY`。如果状态目录丢失，`kboot state pull INVENTORY` 从副本恢复它。',
  },
  pullFirst: {
    en: 'Nothing was overwritten. `kboot state pull INVENTORY` takes it over; `kboot state push INVENTORY --force` overwrites it after a question.',
    zh: '没有覆盖任何内容。`kboot state pull INVENTORY` 采用它；`kboot state push INVENTORY --force` 在询问之后覆盖它。',
  },
  otherInventory: {
    en: 'The plan was made with another inventory. Make it again.',
    zh: '该计划是用另一份清单生成的。重新生成它。',
  },
  planAgain: {
    en: 'Run the same command again: it makes a new plan.',
    zh: '再次运行同一条命令：它会生成新的计划。',
  },
  trustVagrant: {
    en: 'If you trust it, answer the question in a terminal, or run the same command with --allow-hooks.',
    zh: '如果你信任它，在终端中回答询问，或者加上 --allow-hooks 运行同一条命令。',
  },
  trustCommand: {
    en: 'Read it, and the program that it runs. If you trust them, answer the question in a terminal, or run the same command with --allow-hooks. Nothing was contacted.',
    zh: '先阅读它和它运行的程序。如果你信任它们，在终端中回答询问，或者加上 --allow-hooks 运行同一条命令。没有连接任何主机。',
  },
  createFirst: ({ file }: About<'file'>) => ({
    en: `Create it first: kboot up ${file}`,
    zh: `先创建它：kboot up ${file}`,
  }),
  otherContextName: ({ context }: About<'context'>) => ({
    en: `Nothing was changed. Choose another name, such as --context ${context}-2, or replace them with --force.`,
    zh: `没有做任何更改。换一个名称，例如 --context ${context}-2，或者用 --force 替换它们。`,
  }),
  renameIt: {
    en: 'Rename it. Nothing was changed.',
    zh: '重命名它。没有做任何更改。',
  },
  lostHosts: ({ names }: About<'names'>) => ({
    en: `Its hosts are ${names}. A host that left the inventory need not be named.`,
    zh: `清单中的主机有：${names}。已从清单中移除的主机不必写出。`,
  }),
  whatAnswers: {
    en: 'Nothing was changed. Check what answers on this host; if it is in order, this is a bug in kboot: report it with the output of --verbose.',
    zh: '没有做任何更改。检查该主机上是什么程序在响应；如果一切正常，这就是 kboot 的缺陷：附上 --verbose 的输出报告它。',
  },
  correctSource: {
    en: 'Correct what it has there. Nothing was contacted.',
    zh: '修正其中的内容。没有连接任何主机。',
  },
  splitAddon: {
    en: 'Split it into several add-ons.',
    zh: '把它拆成几个插件。',
  },
  lockAddsImages: {
    en: '`kboot lock INVENTORY` adds them. Nothing was contacted.',
    zh: '`kboot lock INVENTORY` 会加入它们。没有连接任何主机。',
  },
  chooseYourself: ({ flag }: About<'flag'>) => ({
    en: `Choose it yourself: ${flag}.`,
    zh: `自己指定：${flag}。`,
  }),
  addOrPrompt: {
    en: 'Add it to the command line, or run `kboot init` in a terminal to be prompted.',
    zh: '写在命令行上，或者在终端中运行 `kboot init` 并回答询问。',
  },
  otherInventoryFile: ({ command, file }: About<'command' | 'file'>) => ({
    en: `Name another file: \`kboot ${command} FILE\`. \`kboot validate ${file}\` checks the existing one.`,
    zh: `指定另一个文件：\`kboot ${command} FILE\`。\`kboot validate ${file}\` 检查现有的文件。`,
  }),
  existingFolder: {
    en: 'Name a file in an existing folder that you can write to.',
    zh: '指定一个文件，它所在的目录必须已经存在，并且你可以写入。',
  },
  reachableAddress: {
    en: 'Give each host by an address that the other hosts can reach, such as that of its private network.',
    zh: '为每台主机写出其他主机可以访问的地址，例如它在内部网络中的地址。',
  },
  correctAnswers: {
    en: 'Correct them and run the same command again.',
    zh: '改正它们，然后再次运行同一条命令。',
  },
  correctBrought: {
    en: 'Correct it there, or say it by flags (`kboot init --help`), and run the same command again.',
    zh: '在原来的文件中改正，或者用标志指定（`kboot init --help`），然后再次运行同一条命令。',
  },
  nothingWritten: {
    en: 'Nothing was written, and nothing was changed on hosts.',
    zh: '没有写入任何内容，主机上也没有任何更改。',
  },
  readBackByInventory: {
    en: 'With its inventory, `kboot adopt INVENTORY` reads its state folder back.',
    zh: '如果有它的清单，`kboot adopt INVENTORY` 会读回它的状态目录。',
  },
  readEveryHost: {
    en: 'Nothing was written: every host of the cluster must be read. Remove a Node whose machine is gone (kubectl delete node); name a host that SSH reaches elsewhere: --host ADDRESS.',
    zh: '没有写入任何内容：必须读取集群的每台主机。移除机器已不存在的节点（kubectl delete node）；如果某台主机的 SSH 使用其他地址，用 --host ADDRESS 指定。',
  },
  nameControlPlane: {
    en: 'Name a control plane: --host ADDRESS.',
    zh: '指定一台控制平面主机：--host ADDRESS。',
  },
  oneCluster: {
    en: 'Name hosts of one cluster only.',
    zh: '只写出同一个集群的主机。',
  },
  changeWithKubeadm: {
    en: 'Change that setting of the cluster with kubeadm first: kboot has no field for it.',
    zh: '先用 kubeadm 更改集群的这项设置：kboot 没有对应的字段。',
  },
  checkAddresses: {
    en: 'Check the addresses in the inventory. A cluster that does not exist yet needs no state folder: `kboot up` creates both.',
    zh: '检查清单中的地址。还不存在的集群不需要状态目录：`kboot up` 会创建集群和状态目录。',
  },
  folderNotWritten: ({ folder }: About<'folder'>) => ({
    en: `${folder} was not written, and nothing was changed on hosts.`,
    zh: `没有写入 ${folder}，主机上也没有任何更改。`,
  }),
  moveAwayOrCompare: ({ count }: About<'count'>) => ({
    en: `If it is not of this cluster, or damaged, move it away and run the same command again; to compare, write another one: --state DIR. ${count} ${count === 1 ? 'file' : 'files'} could be read back.`,
    zh: `如果它不属于这个集群，或者已损坏，移走它并再次运行同一条命令；要进行比较，另外写一份：--state DIR。可以读回 ${count} 个文件。`,
  }),
  ownersExchange: {
    en: "The operators of that etcd exchange its CA; put the new files into spec.etcd.external's caFile, certFile and keyFile.",
    zh: '由运行那个 etcd 的人更换它的 CA；把新文件写入 spec.etcd.external 的 caFile、certFile 和 keyFile。',
  },
  removeCaFlag: {
    en: 'Remove the flag from the inventory and run `kboot up`, or exchange the file yourself.',
    zh: '从清单中去掉该标志并运行 `kboot up`，或者自己更换该文件。',
  },
  ownBuilds: {
    en: 'If the registry has builds of your own: `kboot lock INVENTORY` pins them for --inventory, and --allow-unofficial takes whatever it serves.',
    zh: '如果镜像仓库中是你自己的构建：`kboot lock INVENTORY` 为 --inventory 锁定它们，--allow-unofficial 则接受它提供的任何内容。',
  },
  problems: ({ count }: About<'count'>) => ({
    en: `${count} ${count === 1 ? 'problem' : 'problems'}; nothing was contacted.`,
    zh: `${count} 个问题；没有连接任何主机。`,
  }),
  makePlanAgain: {
    en: 'Nothing was contacted. Make it again: `kboot plan INVENTORY --out FILE`.',
    zh: '没有连接任何主机。重新生成它：`kboot plan INVENTORY --out FILE`。',
  },
  planWritesOne: {
    en: 'Nothing was contacted. `kboot plan INVENTORY --out FILE` writes one.',
    zh: '没有连接任何主机。`kboot plan INVENTORY --out FILE` 会写出计划。',
  },
  newPlan: {
    en: 'Nothing was contacted. Make a new plan: `kboot plan INVENTORY --out FILE`.',
    zh: '没有连接任何主机。生成新的计划：`kboot plan INVENTORY --out FILE`。',
  },
  newPlanOfHosts: {
    en: 'Nothing was changed. Make a new plan: `kboot plan INVENTORY --out FILE`.',
    zh: '没有做任何更改。生成新的计划：`kboot plan INVENTORY --out FILE`。',
  },
  knownMinors: ({ known }: About<'known'>) => ({
    en: `It knows ${known}. For another minor it would need the flags, fields and feature gates of its components, and which containerd, runc, CNI plugins and flannel it is installed with.`,
    zh: `它支持 ${known}。要支持另一个次要版本，它需要知道其组件的标志、字段和特性门控，以及该版本与哪些 containerd、runc、CNI 插件和 flannel 一起安装。`,
  }),
  etcd37: {
    en: 'Its etcd is 3.7, which members join only from 3.6.11 or later.',
    zh: '它的 etcd 是 3.7，成员须为 3.6.11 或更新的版本才能加入。',
  },
  newerKboot: {
    en: 'Use a newer kboot.',
    zh: '使用更新版本的 kboot。',
  },
  emptyAddon: {
    en: 'See what its manifests and its chart with these values contain. To remove an add-on, take it out of spec.addons. Nothing was contacted.',
    zh: '查看它的清单文件和使用这些 values 的 chart 包含什么。要移除插件，从 spec.addons 中去掉它。没有连接任何主机。',
  },
} satisfies Texts;
