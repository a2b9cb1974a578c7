import type { About, Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  etcdIsSilent: {
    en: 'Its configuration matches the inventory, and nothing was changed. Read its log on these hosts (`crictl logs` of its container, or `journalctl -u etcd`), and bring members that are down back up.',
    zh: '它的配置与清单一致，没有做任何更改。查看这些主机上的日志（其容器的 `crictl logs`，或者 `journalctl -u etcd`），并让停止的成员恢复运行。',
  },
  unreadable: {
    en: 'kboot does not act on a resource that it cannot read. Nothing was changed on this host; fix the cause and run the same command again.',
    zh: 'kboot 不处理它无法读取的资源。该主机上没有任何更改；解决原因之后，再次运行同一条命令。',
  },
  ownEncryption: ({ flag }: About<'flag'>) => ({
    en: `Put ${flag} back into spec.apiServer.extraArgs. To use spec.encryption instead, let identity be the first provider of your file, rewrite everything (\`kubectl get secrets -A -o json | kubectl replace -f -\`), remove the flag, and run \`kboot up\` before you set spec.encryption.`,
    zh: `把 ${flag} 放回 spec.apiServer.extraArgs。要改用 spec.encryption，先让 identity 成为你的文件中的第一个 provider，重写所有内容（\`kubectl get secrets -A -o json | kubectl replace -f -\`），去掉该标志，并在设置 spec.encryption 之前运行 \`kboot up\`。`,
  }),
  otherKey: {
    en: 'The key on the host is the one in use. Restore the state folder that belongs to this cluster, or move its file away (encryption/ in the state folder): kboot then reads the key back from the host.',
    zh: '正在使用的是主机上的密钥。恢复属于这个集群的状态目录，或者移走其中的密钥文件（状态目录中的 encryption/）：kboot 随后会从主机读回密钥。',
  },
  restoreKey: ({ path }: About<'path'>) => ({
    en: `Restore ${path} in the state folder from a backup. Without that key, nobody can read this data.`,
    zh: `从备份中恢复状态目录中的 ${path}。没有该密钥，任何人都无法读取这些数据。`,
  }),
  oneAfterTheOther: {
    en: 'Apply one after the other: set one of them back, run `kboot up`, then set it again.',
    zh: '逐个应用：把其中一个改回去，运行 `kboot up`，然后再设置它。',
  },
  externalUnknown: {
    en: 'kboot bootstraps a cluster only if etcd is known to hold none, and does not change a cluster whose data it cannot reach. Nothing was changed.',
    zh: '只有确知 etcd 中没有集群时，kboot 才会创建集群；它也不会更改数据无法访问的集群。没有做任何更改。',
  },
  oneEtcdCluster: {
    en: 'Name members of one etcd cluster. Nothing was changed.',
    zh: '写出同一个 etcd 集群的成员。没有做任何更改。',
  },
  otherPrefix: ({ prefix }: About<'prefix'>) => ({
    en: `If nobody needs them, delete them: etcdctl del --prefix ${prefix}/. To share that etcd, give this cluster its own prefix: spec.apiServer.extraArgs [{name: etcd-prefix, value: /NAME}]. If they belong to this cluster, pass its state folder with --state. Nothing was changed.`,
    zh: `如果没有人需要它们，删除它们：etcdctl del --prefix ${prefix}/。要共用这个 etcd，为这个集群设置自己的前缀：spec.apiServer.extraArgs [{name: etcd-prefix, value: /NAME}]。如果它们属于这个集群，用 --state 指定它的状态目录。没有做任何更改。`,
  }),
  continueOrDelete: ({ prefix }: About<'prefix'>) => ({
    en: `To continue with that data, ignore this check. To bootstrap the cluster again, first delete the data: etcdctl del --prefix ${prefix}/`,
    zh: `要继续使用这些数据，忽略这个检查项。要重新创建集群，先删除数据：etcdctl del --prefix ${prefix}/`,
  }),
  repairMember: {
    en: 'Repair that member or the network path to it, or correct spec.etcd.external.',
    zh: '修复该成员或到它的网络路径，或者改正 spec.etcd.external。',
  },
  upgradeEtcd: {
    en: 'Upgrade that etcd.',
    zh: '升级那个 etcd。',
  },
  removeAndAdd: ({ hosts }: About<'hosts'>) => ({
    en: `Remove ${hosts} from the inventory and run \`kboot up\`, which replaces the certificates; then add it again. Nothing was changed.`,
    zh: `从清单中移除 ${hosts} 并运行 \`kboot up\`，它会更换证书；然后再把它加回去。没有做任何更改。`,
  }),
  bringBackMembers: {
    en: 'Bring members that are down back up, with their disks. If these are lost for good, `kboot etcd restore INVENTORY --from-survivor` goes on with the most advanced member that is left, and `kboot etcd restore INVENTORY SNAPSHOT` with a snapshot. Nothing was changed.',
    zh: '让停止的成员连同其磁盘恢复运行。如果它们永久丢失，`kboot etcd restore INVENTORY --from-survivor` 以剩余成员中数据最新的一个继续，`kboot etcd restore INVENTORY SNAPSHOT` 使用快照。没有做任何更改。',
  },
  cannotJoin: ({ hosts }: About<'hosts'>) => ({
    en: `It cannot join with that data. Delete it with \`kboot reset INVENTORY --limit ${hosts}\`, then run the same command again. Nothing was changed.`,
    zh: `它不能带着这些数据加入。用 \`kboot reset INVENTORY --limit ${hosts}\` 删除数据，然后再次运行同一条命令。没有做任何更改。`,
  }),
  oneAtATime: {
    en: 'Remove members one at a time, and bring those that are down back up first. Nothing was changed.',
    zh: '每次只移除一个成员，并先让停止的成员恢复运行。没有做任何更改。',
  },
  oneHostWithEtcd: {
    en: 'At least one host of the inventory with etcd must be there. Nothing was changed.',
    zh: '清单中至少要有一台带有 etcd 的主机可用。没有做任何更改。',
  },
  mayStillRun: ({ hosts }: About<'hosts'>) => ({
    en: `Its etcd may still run: the former cluster would go on beside the restored one. Power it off and say so with --lost ${hosts}, or make it reachable. Nothing was changed.`,
    zh: `它的 etcd 可能仍在运行：原来的集群会与恢复的集群并存。关闭它并用 --lost ${hosts} 说明，或者让它可以连接。没有做任何更改。`,
  }),
  upReplaces: {
    en: '`kboot up INVENTORY` replaces members that are lost. To go back to a snapshot, name it. Nothing was changed.',
    zh: '`kboot up INVENTORY` 会替换丢失的成员。要回到某个快照，写出它的名称。没有做任何更改。',
  },
  startEtcd: {
    en: 'Start etcd on a host that has its data (systemctl start kubelet); without a quorum it answers, too. If all data are lost, restore a snapshot: `kboot etcd list INVENTORY` shows them. Nothing was changed.',
    zh: '在存有其数据的主机上启动 etcd（systemctl start kubelet）；没有法定人数时它也会响应。如果所有数据都已丢失，恢复快照：`kboot etcd list INVENTORY` 列出它们。没有做任何更改。',
  },
  restoreNewest: ({ file }: About<'file'>) => ({
    en: `Restore that one: kboot etcd restore INVENTORY ${file}. Nothing was changed.`,
    zh: `恢复那一个：kboot etcd restore INVENTORY ${file}。没有做任何更改。`,
  }),
  untilRuntime: {
    en: 'Run `kboot up INVENTORY --until runtime` first: it installs containerd and the images, and starts nothing of Kubernetes. Nothing was changed.',
    zh: '先运行 `kboot up INVENTORY --until runtime`：它安装 containerd 和镜像，不启动任何 Kubernetes 组件。没有做任何更改。',
  },
  survivorsSnapshot: {
    en: 'The snapshot that the earlier run took of the survivor is in the state folder: restore it by its name (`kboot etcd list INVENTORY`). Nothing was changed.',
    zh: '此前的运行为幸存成员生成的快照在状态目录中：按名称恢复它（`kboot etcd list INVENTORY`）。没有做任何更改。',
  },
  freeFormerData: {
    en: 'Free space, for example by former data there that nobody needs. Nothing was changed.',
    zh: '释放磁盘空间，例如删除那里没有人需要的旧数据。没有做任何更改。',
  },
  bringBackFirst: ({ members }: About<'members'>) => ({
    en: `Bring ${members} back first, or remove it from the inventory.`,
    zh: `先让 ${members} 恢复运行，或者从清单中移除它。`,
  }),
  itsHosts: ({ hosts }: About<'hosts'>) => ({
    en: `Its hosts are ${hosts}.`,
    zh: `清单中的主机有：${hosts}。`,
  }),
  hopFirst: ({ version }: About<'version'>) => ({
    en: `Set spec.kubernetesVersion to ${version} first and run the same command, or go the whole way at once: kboot up --through`,
    zh: `先把 spec.kubernetesVersion 设为 ${version} 并运行同一条命令，或者一次完成：kboot up --through`,
  }),
  upgradeBetween: {
    en: 'Upgrade this host to a version in between first.',
    zh: '先把该主机升级到中间的版本。',
  },
  bringItBack: {
    en: 'Bring it back first, or remove it from the inventory.',
    zh: '先让它恢复运行，或者从清单中移除它。',
  },
  withoutUntil: {
    en: 'Run the command without --until.',
    zh: '去掉 --until 再运行命令。',
  },
  withoutLimit: {
    en: 'Run the command without --limit, or name the control planes first.',
    zh: '去掉 --limit 再运行命令，或者先写出控制平面主机。',
  },
  setBackUntilJoined: ({ version }: About<'version'>) => ({
    en: `Set spec.kubernetesVersion back to ${version} until it has joined, or leave the host out until the upgrade is done.`,
    zh: `在它加入之前，把 spec.kubernetesVersion 改回 ${version}；或者在升级完成之前，先不加入该主机。`,
  }),
  noWayBack: ({ version }: About<'version'>) => ({
    en: `Set spec.kubernetesVersion to ${version}. What was stored since cannot be read by the older version; the snapshot of etcd from before the upgrade is in the state folder.`,
    zh: `把 spec.kubernetesVersion 设为 ${version}。此后存储的内容，旧版本无法读取；升级之前的 etcd 快照在状态目录中。`,
  }),
  finishUpgrade: ({ version }: About<'version'>) => ({
    en: `Set spec.kubernetesVersion to ${version} and finish the upgrade.`,
    zh: `把 spec.kubernetesVersion 设为 ${version}，并完成升级。`,
  }),
  planeForEtcd: {
    en: 'kboot needs a control-plane host to check in spec.etcd.external whether the cluster exists. Nothing was changed.',
    zh: 'kboot 需要一台控制平面主机，才能在 spec.etcd.external 中检查集群是否存在。没有做任何更改。',
  },
  knownToBeEmpty: {
    en: 'kboot bootstraps a cluster only if every etcd host is known to have no data. Nothing was changed.',
    zh: '只有确知每台 etcd 主机都没有数据时，kboot 才会创建集群。没有做任何更改。',
  },
  theHosts: ({ names }: About<'names'>) => ({
    en: `Its hosts: ${names}.`,
    zh: `其中的主机：${names}。`,
  }),
  theRoles: ({ names }: About<'names'>) => ({
    en: `Its roles (role=ROLE): ${names}.`,
    zh: `其中的角色（role=ROLE）：${names}。`,
  }),
  theLabels: ({ names }: About<'names'>) => ({
    en: `Its labels (label=KEY=VALUE): ${names}.`,
    zh: `其中的标签（label=KEY=VALUE）：${names}。`,
  }),
  theGroups: ({ names }: About<'names'>) => ({
    en: `Its groups (group=GROUP): ${names}.`,
    zh: `其中的组（group=GROUP）：${names}。`,
  }),
} satisfies Texts;
