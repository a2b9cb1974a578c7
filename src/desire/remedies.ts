import type { About, Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  restoreFile: {
    en: 'Restore the file on the control plane from a backup below /etc/kubernetes/pki, and run the same command again.',
    zh: '在控制平面主机上，从备份中恢复 /etc/kubernetes/pki 下的该文件，然后再次运行同一条命令。',
  },
  sharedFile: {
    en: 'Hosts of one cluster share it. Find out which of them belong to this cluster (`kubectl get nodes`), correct the inventory or the file, and run the same command again.',
    zh: '同一个集群的主机共用它。找出哪些主机属于这个集群（`kubectl get nodes`），修正清单或该文件，然后再次运行同一条命令。',
  },
  whichCaSigns: {
    en: 'kboot must know which of them signs. End the rotation where its state folder is, or leave only the CA that signs in this file on every host.',
    zh: 'kboot 必须知道由其中哪一个签发证书。在状态目录所在的机器上完成更换，或者在每台主机的该文件中只保留签发证书的 CA。',
  },
  putEtcdKey: ({ plane, path }: About<'plane' | 'path'>) => ({
    en: `Put pki/etcd/ca.key of a copy of the state folder there on ${plane} as ${path} (mode 600), and run the same command again. Without it kboot cannot issue certificates for etcd.`,
    zh: `把状态目录副本中的 pki/etcd/ca.key 放到 ${plane} 上，路径为 ${path}（权限为 600），然后再次运行同一条命令。没有它，kboot 无法为 etcd 签发证书。`,
  }),
  hostsOfOneCluster: {
    en: 'Correct the addresses in the inventory: it must name the hosts of one cluster.',
    zh: '改正清单中的地址：其中的主机必须属于同一个集群。',
  },
  madeByKubeadm: {
    en: 'kboot takes over clusters that kubeadm made.',
    zh: 'kboot 接管由 kubeadm 创建的集群。',
  },
  knownVersion: {
    en: 'Upgrade the cluster with kubeadm to one that kboot knows (`kboot version`), or write a kboot.lock.yaml with this version: kboot lock --help.',
    zh: '用 kubeadm 把集群升级到 kboot 支持的版本（`kboot version`），或者写一份含有该版本的 kboot.lock.yaml：kboot lock --help。',
  },
  onlyLinux: {
    en: 'kboot has Linux hosts only; remove these Nodes first.',
    zh: 'kboot 只支持 Linux 主机；先移除这些节点。',
  },
  changeToContainerd: {
    en: 'Change these Nodes to containerd with kubeadm first.',
    zh: '先用 kubeadm 把这些节点改为使用 containerd。',
  },
  setNodeIp: {
    en: 'Set --node-ip of the kubelet.',
    zh: '设置 kubelet 的 --node-ip。',
  },
  podCidrOfCni: {
    en: 'kboot always gives Nodes a Pod CIDR; clusters whose CNI assigns them are not taken over yet.',
    zh: 'kboot 总是为节点分配 Pod CIDR；由 CNI 分配的集群目前还不能接管。',
  },
  registriesFile: {
    en: "Put that table into a file of its own, such as /etc/containerd/conf.d/registries.toml, which containerd imports after kboot's settings and kboot leaves alone, and run the same command again.",
    zh: '把该表放入单独的文件，例如 /etc/containerd/conf.d/registries.toml：containerd 在 kboot 的设置之后导入它，kboot 不会更改它。然后再次运行同一条命令。',
  },
  correctToml: {
    en: 'Correct the file (`containerd config dump` says what is wrong), and run the same command again.',
    zh: '修正该文件（`containerd config dump` 会指出问题），然后再次运行同一条命令。',
  },
  renewWithKubeadm: {
    en: 'Renew them on every control plane with kubeadm (`kubeadm certs renew all`, then restart its static Pods), and run the same command again. Afterwards kboot renews them.',
    zh: '在每台控制平面主机上用 kubeadm 续期（`kubeadm certs renew all`，然后重启它的静态 Pod），再次运行同一条命令。之后由 kboot 续期。',
  },
  etcdWithTls: {
    en: 'kboot connects to etcd with TLS and a client certificate only; set etcd up so first.',
    zh: 'kboot 只用 TLS 和客户端证书连接 etcd；先这样设置 etcd。',
  },
  restoreFiles: {
    en: 'Restore these files on a control plane, and run the same command again.',
    zh: '在一台控制平面主机上恢复这些文件，然后再次运行同一条命令。',
  },
  acceptedCertificate: {
    en: 'Put a certificate that its external etcd accepts there, and run the same command again.',
    zh: '在那里放入外部 etcd 接受的证书，然后再次运行同一条命令。',
  },
  endUpgrade: {
    en: 'End the upgrade with kubeadm first (`kubeadm upgrade node` on every control plane), and run the same command again.',
    zh: '先用 kubeadm 完成升级（在每台控制平面主机上运行 `kubeadm upgrade node`），然后再次运行同一条命令。',
  },
  oneOwner: {
    en: 'One owner writes an object: remove it from one of them. Nothing was contacted.',
    zh: '一个对象只能由一方写入：从其中一方移除它。没有连接任何主机。',
  },
  bundleForCluster: {
    en: '`kboot bundle create DIR --inventory FILE` fetches everything that an inventory needs. Or add these files (`docker save REF -o images/linux-ARCH/NAME.tar`) and run `kboot bundle index`, or run only the first stages with `--until runtime`.',
    zh: '`kboot bundle create DIR --inventory FILE` 获取清单需要的所有内容。也可以添加这些文件（`docker save REF -o images/linux-ARCH/NAME.tar`）并运行 `kboot bundle index`，或者用 `--until runtime` 只运行前几个阶段。',
  },
  bundleOfLock: {
    en: 'Nothing was changed. `kboot bundle create DIR --inventory FILE` fetches what the lock has; `kboot bundle index DIR` makes bundle.json state the digests in OCI archives. If these are builds of your own that you trust, add --allow-unofficial.',
    zh: '没有做任何更改。`kboot bundle create DIR --inventory FILE` 获取锁定文件中的内容；`kboot bundle index DIR` 把 OCI 归档文件中的摘要写入 bundle.json。如果这些是你信任的自己的构建，添加 --allow-unofficial。',
  },
  putIntoBundle: ({ path }: About<'path'>) => ({
    en: `Put it at ${path} and run \`kboot bundle index\`, or run without --bundle and KBOOT_BUNDLE.`,
    zh: `把它放到 ${path} 并运行 \`kboot bundle index\`，或者不使用 --bundle 和 KBOOT_BUNDLE 运行。`,
  }),
  ownFields: {
    en: 'Change it through its own fields of the inventory, or through spec.templates; `kboot render` shows what kboot writes there.',
    zh: '通过清单中对应的字段或 spec.templates 更改它；`kboot render` 显示 kboot 在那里写入的内容。',
  },
  noNullInToml: {
    en: "TOML has no null inside lists; check the value against containerd's documentation.",
    zh: 'TOML 的列表中不能有 null；对照 containerd 的文档检查该值。',
  },
  addressOfFamily: ({ family }: About<'family'>) => ({
    en: `Give the host an ${family} address, or choose a virtual IP of the same family as its address.`,
    zh: `为该主机配置 ${family} 地址，或者选择与其地址协议族相同的虚拟 IP。`,
  }),
  correctReplaced: {
    en: 'Correct the file in spec.templates that replaces one of them.',
    zh: '修正 spec.templates 中替换了其中某个模板的文件。',
  },
  noSplitting: {
    en: 'Remove whitespace, quotes and backslashes from the name, address, taint or flag in the inventory.',
    zh: '去掉清单中名称、地址、污点或标志里的空白字符、引号和反斜杠。',
  },
  existsAndReadable: {
    en: 'Check that it exists and that you can read it.',
    zh: '检查它是否存在，以及你能否读取它。',
  },
} satisfies Texts;
