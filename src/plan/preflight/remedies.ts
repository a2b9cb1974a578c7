import type { About, Texts } from '../../model/language/text.ts';

/** What to do about findings. */
export const remedies = {
  onTheHost: ({ command }: About<'command'>) => ({
    en: `On the host: \`${command}\``,
    zh: `在主机上运行：\`${command}\``,
  }),
  removeZone: ({ taken, zone, command }: About<'taken' | 'zone' | 'command'>) => ({
    en: `Remove ${taken}, which precedes zone ${zone}; then, on the host: \`${command}\``,
    zh: `移除 ${taken}，它排在区域 ${zone} 之前；然后在主机上运行：\`${command}\``,
  }),
  correctObject: {
    en: 'Correct the manifest; or, if the object may be made again, delete it with kubectl and run the same command again.',
    zh: '修正 manifest；如果该对象可以重建，也可以用 kubectl 删除它，然后再次运行同一条命令。',
  },
  repairBackup: {
    en: 'Repair what it names; the next run is at the next time of spec.etcd.backup.schedule, or: systemctl start kboot-etcd-backup.service',
    zh: '修复消息中指出的问题；下一次备份在 spec.etcd.backup.schedule 的下一个时间，也可以立即运行：systemctl start kboot-etcd-backup.service',
  },
  createEtcdUser: ({ name }: About<'name'>) => ({
    en: `Create the user yourself: useradd --system --user-group --no-create-home --shell /usr/sbin/nologin ${name}`,
    zh: `自己创建该用户：useradd --system --user-group --no-create-home --shell /usr/sbin/nologin ${name}`,
  }),
  changeBack: {
    en: 'Change the inventory back. If you moved the data yourself, or the same etcd only has new addresses, ignore this check.',
    zh: '把清单改回去。如果是你自己移动了数据，或者只是同一个 etcd 换了地址，忽略这个检查项。',
  },
  addPath: {
    en: 'Put it there, add it to spec.files for this host, or correct extraVolumes and extraArgs.',
    zh: '把它放到那里，为该主机把它加入 spec.files，或者修正 extraVolumes 和 extraArgs。',
  },
  lostState: ({ name }: About<'name'>) => ({
    en: `The state folder (.kboot/${name} beside the inventory, or --state) was lost or moved, or metadata.name changed: restore it, or read it back from the hosts: \`kboot adopt INVENTORY\`. To remove the host from its cluster, \`kboot reset\` it with the inventory and state folder of that cluster.`,
    zh: `状态目录（清单旁边的 .kboot/${name}，或者 --state 指定的目录）丢失或被移动，或者 metadata.name 变了：恢复它，或者从主机读回：\`kboot adopt INVENTORY\`。要从原来的集群中移除该主机，用那个集群的清单和状态目录运行 \`kboot reset\`。`,
  }),
  checkInventory: {
    en: 'Check the inventory, the address and --state. To move the host to this cluster, `kboot reset` it with the inventory and state folder of the other cluster first.',
    zh: '检查清单、地址和 --state。要把该主机移到这个集群，先用另一个集群的清单和状态目录运行 `kboot reset`。',
  },
  pairOfOneInterface: {
    en: "Set the host's address in the inventory to a pair of one interface, or spec.networking.flannel.interface.",
    zh: '把清单中该主机的地址设为同一个网络接口上的一对地址，或者设置 spec.networking.flannel.interface。',
  },
  enableIPv6: {
    en: 'Remove ipv6.disable=1 from the kernel command line and reboot.',
    zh: '从内核命令行中删除 ipv6.disable=1，然后重启。',
  },
  setToZero: ({ key }: About<'key'>) => ({
    en: `Set ${key} = 0 where it is set below /etc/sysctl.d, and run sysctl --system.`,
    zh: `在 /etc/sysctl.d 下设置它的地方写 ${key} = 0，然后运行 sysctl --system。`,
  }),
  giveAddress: {
    en: "Give the interface this address, or set the host's address in the inventory to one that it has.",
    zh: '为网络接口配置该地址，或者把清单中该主机的地址设为它已有的地址。',
  },
  acceptRA: ({ name }: About<'name'>) => ({
    en: `Set net.ipv6.conf.${name}.accept_ra = 2 in /etc/sysctl.d and run sysctl --system, or configure address and route statically.`,
    zh: `在 /etc/sysctl.d 中设置 net.ipv6.conf.${name}.accept_ra = 2，然后运行 sysctl --system，或者静态配置地址和路由。`,
  }),
  oneOfTheInterfaces: {
    en: "Specify one of these, or omit it: the default is the interface with the host's address.",
    zh: '指定其中之一，或者省略它：默认是带有该主机地址的网络接口。',
  },
  freeAddressOfNetwork: {
    en: "Choose a free address of the hosts' network for spec.loadBalancer.virtualIP.",
    zh: '为 spec.loadBalancer.virtualIP 选择主机网络中一个空闲的地址。',
  },
  freeVirtualIP: {
    en: 'Choose a free address for spec.loadBalancer.virtualIP, or remove it from that machine (hosts cache its answer for up to a minute).',
    zh: '为 spec.loadBalancer.virtualIP 选择一个空闲的地址，或者从那台机器上移除它（主机会把它的应答缓存最多一分钟）。',
  },
  powerOff: {
    en: 'Power that machine off; or put it back into the inventory, `kboot reset INVENTORY --limit` it, and then remove it.',
    zh: '关闭那台机器；或者把它放回清单，对它运行 `kboot reset INVENTORY --limit`，然后再移除它。',
  },
  moveManifests: {
    en: 'If they are not meant to run, or have left spec.files, move them elsewhere; if they are, add them to spec.files for this host.',
    zh: '如果它们不应运行，或者已从 spec.files 中移除，把它们移到别处；如果应当运行，为该主机把它们加入 spec.files。',
  },
  bootKernel: {
    en: 'Boot a kernel that has it (the module may be in a package of its own, such as linux-modules-extra or kernel-modules-extra), or set spec.networking.networkPolicy to false.',
    zh: '用带有该模块的内核启动（它可能在单独的软件包中，例如 linux-modules-extra 或 kernel-modules-extra），或者把 spec.networking.networkPolicy 设为 false。',
  },
  bootKernelOr: ({ field }: About<'field'>) => ({
    en: `Boot a kernel that has it (the module may be in a package of its own, such as linux-modules-extra or kernel-modules-extra), or choose another ${field}.`,
    zh: `用带有该模块的内核启动（它可能在单独的软件包中，例如 linux-modules-extra 或 kernel-modules-extra），或者为 ${field} 选择别的值。`,
  }),
  bootKernelAndLook: {
    en: 'Boot a kernel that has it and look with `kboot verify INVENTORY --security`, or set spec.networking.networkPolicy to false.',
    zh: '用带有该模块的内核启动，并用 `kboot verify INVENTORY --security` 检查，或者把 spec.networking.networkPolicy 设为 false。',
  },
  stopContainers: {
    en: 'Reset the host with the tool that created the cluster, or stop them: `crictl rmp -fa`',
    zh: '用创建该集群的工具重置该主机，或者停止它们：`crictl rmp -fa`',
  },
  sharedContainerd: {
    en: 'Use a host whose containerd nobody else uses, or remove these containers.',
    zh: '换用没有其他人使用其 containerd 的主机，或者移除这些容器。',
  },
  bootWith: ({ options }: About<'options'>) => ({
    en: `Boot with ${options}, and without cgroup_disable= (Raspberry Pi: in /boot/firmware/cmdline.txt), or with a kernel that has what is missing.`,
    zh: `以 ${options} 启动，并且不要有 cgroup_disable=（Raspberry Pi：在 /boot/firmware/cmdline.txt 中），或者换用带有所缺功能的内核。`,
  }),
  removeLineOf: ({ file }: About<'file'>) => ({
    en: `Remove this line of ${file}.`,
    zh: `删除 ${file} 中的这一行。`,
  }),
  remount: ({ folder }: About<'folder'>) => ({
    en: `Remount it (\`mount -o remount,exec ${folder}\`), and remove noexec from /etc/fstab.`,
    zh: `重新挂载它（\`mount -o remount,exec ${folder}\`），并从 /etc/fstab 中删除 noexec。`,
  }),
  removeFlag: ({ flag, variable, file }: About<'flag' | 'variable' | 'file'>) => ({
    en: `Remove --${flag} from ${variable} in ${file}.`,
    zh: `从 ${file} 的 ${variable} 中删除 --${flag}。`,
  }),
  putNameServer: ({ file }: About<'file'>) => ({
    en: `Put the address of a name server that this host reaches into ${file}, or into another file that spec.kubelet.config.resolvConf names.`,
    zh: `把该主机能够访问的 DNS 服务器的地址写入 ${file}，或者写入 spec.kubelet.config.resolvConf 指定的另一个文件。`,
  }),
  freeNetwork: ({ field }: About<'field'>) => ({
    en: `Choose a free network for spec.networking.${field} (it cannot be changed later), or remove what overlaps from the host.`,
    zh: `为 spec.networking.${field} 选择一个空闲的网段（之后不能更改），或者从主机上移除重叠的网段。`,
  }),
  addressesOfHosts: {
    en: 'Choose addresses of the network of the hosts for spec.metallb.',
    zh: '为 spec.metallb 选择主机所在网络中的地址。',
  },
  removeCilium: {
    en: 'Remove them (`cilium-dbg post-uninstall-cleanup`, or `ip link delete cilium_host`), and restart the host.',
    zh: '移除它们（`cilium-dbg post-uninstall-cleanup`，或者 `ip link delete cilium_host`），然后重启主机。',
  },
  addNoProxy: ({ endpoint }: About<'endpoint'>) => ({
    en: `Add ${endpoint} or its network to NO_PROXY there.`,
    zh: `把 ${endpoint} 或它的网段加入那里的 NO_PROXY。`,
  }),
  removeLockFolder: {
    en: 'On the host: `rmdir /run/xtables.lock`, or restart the host.',
    zh: '在主机上运行 `rmdir /run/xtables.lock`，或者重启主机。',
  },
  removeRule: ({ file, rule }: About<'file' | 'rule'>) => ({
    en: `Remove this rule from ${file}, and from the kernel (iptables -D ${rule}), or accept the Pod network and the hosts before it and ignore this check.`,
    zh: `从 ${file} 和内核中删除这条规则（iptables -D ${rule}），或者在它之前放行 Pod 网络和各台主机，并忽略这个检查项。`,
  }),
  removeChains: ({ file }: About<'file'>) => ({
    en: `Remove the lines of KUBE-, CNI-, FLANNEL-, CILIUM- and cali- from ${file}.`,
    zh: `从 ${file} 中删除含有 KUBE-、CNI-、FLANNEL-、CILIUM- 和 cali- 的行。`,
  }),
  removeLine: {
    en: 'Remove this line.',
    zh: '删除这一行。',
  },
  removeLineOrSet: ({ value }: About<'value'>) => ({
    en: `Remove this line, or set it to ${value}.`,
    zh: `删除这一行，或者把它设为 ${value}。`,
  }),
  removeSetting: ({ file }: About<'file'>) => ({
    en: `Remove ${file}, or this setting, and run systemctl daemon-reload.`,
    zh: `删除 ${file} 或这项设置，然后运行 systemctl daemon-reload。`,
  }),
  unmask: ({ unit }: About<'unit'>) => ({
    en: `On the host: \`systemctl unmask ${unit}\``,
    zh: `在主机上运行：\`systemctl unmask ${unit}\``,
  }),
  removeKubernetes: ({ units }: About<'units'>) => ({
    en: `Remove it with the tool that installed it, or stop it: systemctl disable --now ${units}`,
    zh: `用安装它的工具移除它，或者停止它：systemctl disable --now ${units}`,
  }),
  disableCloudSetup: {
    en: 'On the host: `systemctl disable --now nm-cloud-setup.service nm-cloud-setup.timer`, then restart it.',
    zh: '在主机上运行 `systemctl disable --now nm-cloud-setup.service nm-cloud-setup.timer`，然后重启它。',
  },
  holdPackages: {
    en: 'Remove the packages kubelet, kubeadm and kubectl before `kboot up`, or hold them back (apt-mark hold kubelet kubectl; dnf versionlock).',
    zh: '在 `kboot up` 之前卸载 kubelet、kubeadm 和 kubectl 软件包，或者锁定它们的版本（apt-mark hold kubelet kubectl；dnf versionlock）。',
  },
  keepCni: {
    en: 'Set spec.networking.cni to none to keep the CNI. To change to flannel, drain the Nodes, remove the CNI and its files in /etc/cni/net.d, and run the same command again.',
    zh: '要保留该 CNI，把 spec.networking.cni 设为 none。要改用 flannel，先腾空节点，移除该 CNI 及其在 /etc/cni/net.d 中的文件，然后再次运行同一条命令。',
  },
  oneNetwork: {
    en: 'Set spec.networking.cni to none, or remove the add-on. If it is no Pod network of its own, ignore this check (spec.preflight.ignore).',
    zh: '把 spec.networking.cni 设为 none，或者移除该插件。如果它本身不是 Pod 网络，就忽略这项检查（spec.preflight.ignore）。',
  },
  stopProgram: ({ other, program }: About<'other' | 'program'>) => ({
    en: `Stop ${other}; ${program} needs this port.`,
    zh: `停止 ${other}；${program} 需要这个端口。`,
  }),
  freeSpreadPort: {
    en: 'Set spec.artifacts.spreadPort to a port that is free on all hosts.',
    zh: '把 spec.artifacts.spreadPort 设为所有主机上都空闲的端口。',
  },
  removeInterface: {
    en: 'Remove the interface that uses it (ip link delete), or give it another port; flannel needs this one.',
    zh: '移除使用它的网络接口（ip link delete），或者让它改用另一个端口；flannel 需要这个端口。',
  },
  installTools: {
    en: 'Install them with the package manager of the distribution.',
    zh: '用发行版的包管理器安装它们。',
  },
  needsSystemd: {
    en: 'kboot installs systemd services; use a host that runs systemd.',
    zh: 'kboot 安装的是 systemd 服务；换用运行 systemd 的主机。',
  },
  moreCpus: {
    en: 'Give the machine another CPU.',
    zh: '为机器增加一个 CPU。',
  },
  moreMemory: {
    en: 'Give the machine more memory.',
    zh: '为机器增加内存。',
  },
  cgroups: {
    en: 'Boot with systemd.unified_cgroup_hierarchy=1, or set failCgroupV1: false in kubelet.config, of spec or of the host.',
    zh: '以 systemd.unified_cgroup_hierarchy=1 启动，或者在 spec 或该主机的 kubelet.config 中设置 failCgroupV1: false。',
  },
  oneOfTheAddresses: {
    en: "Set the host's address in the inventory to one of these.",
    zh: '把清单中该主机的地址设为其中之一。',
  },
  setHostname: ({ host }: About<'host'>) => ({
    en: `If addresses are swapped, correct the inventory; if this machine is ${host}, set its hostname there: hostnamectl set-hostname ${host}`,
    zh: `如果地址对调了，改正清单；如果这台机器就是 ${host}，在那里设置它的主机名：hostnamectl set-hostname ${host}`,
  }),
  addHostname: ({ name }: About<'name'>) => ({
    en: `Add ${name} to /etc/hosts or fix the name server in /etc/resolv.conf.`,
    zh: `把 ${name} 加入 /etc/hosts，或者修正 /etc/resolv.conf 中的 DNS 服务器。`,
  }),
  freeSpaceAt: ({ folder }: About<'folder'>) => ({
    en: `Free space at ${folder}.`,
    zh: `释放 ${folder} 的磁盘空间。`,
  }),
  syncTime: {
    en: 'Set up time synchronisation (systemd-timesyncd or chrony) here and there.',
    zh: '在该主机和本机上配置时间同步（systemd-timesyncd 或 chrony）。',
  },
  newMachineId: {
    en: 'On a machine that was cloned, remove /etc/machine-id and run systemd-machine-id-setup.',
    zh: '如果机器是克隆的，删除 /etc/machine-id，然后运行 systemd-machine-id-setup。',
  },
  newUuid: {
    en: 'Give cloned virtual machines new UUIDs.',
    zh: '为克隆的虚拟机设置新的 UUID。',
  },
  adoptOrRemove: {
    en: 'If kubeadm made it, take it over: `kboot adopt --host ADDRESS`. To remove it, reset it with the tool that created it (`kubeadm reset`), then remove /etc/kubernetes.',
    zh: '如果它由 kubeadm 创建，可以接管它：`kboot adopt --host ADDRESS`。要移除它，用创建它的工具重置（`kubeadm reset`），然后删除 /etc/kubernetes。',
  },
  sameMachine: {
    en: 'Correct the address, ssh.address or ssh.port of one of them.',
    zh: '改正其中之一的 address、ssh.address 或 ssh.port。',
  },
  noDocker: {
    en: 'Use a host without Docker, or remove it from this one (package docker.io or docker-ce).',
    zh: '换用没有 Docker 的主机，或者从该主机卸载它（软件包 docker.io 或 docker-ce）。',
  },
  useKnownNotImages: ({ systems }: About<'systems'>) => ({
    en: `Use ${systems}; variants whose packages are part of an image are not supported.`,
    zh: `使用 ${systems}；不支持软件包随镜像固定的变体。`,
  }),
  useKnown: ({ systems }: About<'systems'>) => ({
    en: `Use ${systems}.`,
    zh: `使用 ${systems}。`,
  }),
  known: ({ systems }: About<'systems'>) => ({
    en: `Known: ${systems}.`,
    zh: `已知的发行版：${systems}。`,
  }),
  tested: ({ versions }: About<'versions'>) => ({
    en: `Tested versions: ${versions}.`,
    zh: `经过测试的版本：${versions}。`,
  }),
  use64Bit: {
    en: 'Install the 64-bit edition of the system (Raspberry Pi OS: 64-bit), if the processor is of 64 bits.',
    zh: '如果处理器是 64 位的，安装该系统的 64 位版本（Raspberry Pi OS：64 位）。',
  },
  otherArchitecture: {
    en: 'Use a machine of another architecture.',
    zh: '换用其他架构的机器。',
  },
  proxyMode: {
    en: 'Set spec.kubeProxy.config.mode to iptables, or install a newer kernel.',
    zh: '把 spec.kubeProxy.config.mode 设为 iptables，或者安装更新的内核。',
  },
  newerKernel: {
    en: 'Install a newer kernel. Or choose to run with this one, which Kubernetes is not tested with: --ignore-preflight KernelVersion, or spec.preflight.ignore: [KernelVersion]. kube-proxy then cannot use mode nftables, and resource limits of cgroup v2 are incomplete.',
    zh: '安装更新的内核。也可以选择使用这个 Kubernetes 未经测试的内核：--ignore-preflight KernelVersion，或者 spec.preflight.ignore: [KernelVersion]。这时 kube-proxy 不能使用 nftables 模式，cgroup v2 的资源限制也不完整。',
  },
  removeNtp: {
    en: 'Remove that package: chrony is installed then. Or remove spec.ntp and configure the servers there.',
    zh: '卸载该软件包：随后会安装 chrony。或者删除 spec.ntp，在那里自行配置时间服务器。',
  },
  repairLoadBalancer: ({ port }: About<'port'>) => ({
    en: `Repair the load balancer (port ${port}, with the API servers on port 6443 behind it) or the network path to it: kubelet, kube-proxy and flannel use it.`,
    zh: `修复负载均衡器（端口 ${port}，其后是端口 6443 上的 API 服务器）或到它的网络路径：kubelet、kube-proxy 和 flannel 都使用它。`,
  }),
  bringUpEndpoint: {
    en: 'Bring that address up before you continue, or correct spec.controlPlaneEndpoint: nodes join only through it.',
    zh: '先让该地址可用，再继续；或者改正 spec.controlPlaneEndpoint：节点只通过它加入。',
  },
  putIntoDns: ({ host }: About<'host'>) => ({
    en: `Put ${host} into DNS, or into /etc/hosts of every host, or correct spec.controlPlaneEndpoint.`,
    zh: `把 ${host} 加入 DNS，或者加入每台主机的 /etc/hosts，或者改正 spec.controlPlaneEndpoint。`,
  }),
  correctHosts: ({ host }: About<'host'>) => ({
    en: `Correct ${host} in /etc/hosts of this host.`,
    zh: `改正该主机 /etc/hosts 中的 ${host}。`,
  }),
  correctEndpoint: {
    en: 'Correct spec.controlPlaneEndpoint or the load balancer; it must forward TCP without terminating TLS.',
    zh: '改正 spec.controlPlaneEndpoint 或负载均衡器；它必须转发 TCP，不能终结 TLS。',
  },
  forwardTcp: {
    en: 'Make the load balancer forward TCP to the API servers, port 6443 of every control-plane host.',
    zh: '让负载均衡器把 TCP 转发到每台控制平面主机的 6443 端口，即 API 服务器。',
  },
  findFirewall: ({ command }: About<'command'>) => ({
    en: `Find the cause: ${command}`,
    zh: `查找原因：${command}`,
  }),
  findClients: {
    en: 'Find these clients (an audit log has their user agents, a Helm release or operator its manifests) and move them to a version that is served: kubectl api-resources. What was requested is forgotten when an API server restarts. If that client is gone, ignore this finding.',
    zh: '找出这些客户端（审计日志中有它们的 user agent，Helm 发布或 operator 中有它们的 manifest），让它们改用新版本仍提供的 API 版本：kubectl api-resources。API 服务器重启之后，这些请求记录会清空。如果该客户端已不存在，忽略这个问题。',
  },
  saveObjects: ({ resource, group }: About<'resource' | 'group'>) => ({
    en: `Save what you need of them, then delete them before the upgrade: kubectl delete ${resource}.${group} --all -A`,
    zh: `保存其中需要的内容，然后在升级之前删除它们：kubectl delete ${resource}.${group} --all -A`,
  }),
  askApiAgain: {
    en: 'Run the same command again; `kboot status` says whether the API servers are healthy.',
    zh: '再次运行同一条命令；`kboot status` 说明 API 服务器是否健康。',
  },
  oneBudget: {
    en: 'Change the selectors so that each Pod has one budget, or delete one of the budgets.',
    zh: '更改选择算符，让每个 Pod 只对应一个 PodDisruptionBudget，或者删除其中一个。',
  },
  correctBudget: ({ namespace, name }: About<'namespace' | 'name'>) => ({
    en: `Correct or delete it: kubectl -n ${namespace} describe poddisruptionbudget ${name}`,
    zh: `修正或删除它：kubectl -n ${namespace} describe poddisruptionbudget ${name}`,
  }),
  scaleUp: {
    en: 'Scale the workload up, so that one Pod is to spare, or relax the budget (such as maxUnavailable: 1) for the time of the upgrade.',
    zh: '增加工作负载的副本，让其中一个 Pod 可以离开；或者在升级期间放宽 PodDisruptionBudget（例如 maxUnavailable: 1）。',
  },
  drainWaits: {
    en: 'The drain waits for them until spec.upgrade.drain.timeoutSeconds; repair them first if they do not become Ready by themselves.',
    zh: '腾空节点时会等待它们，直到 spec.upgrade.drain.timeoutSeconds；如果它们不会自行就绪，先修复它们。',
  },
  repairBefore: ({ version }: About<'version'>) => ({
    en: `Repair it before the upgrade: \`kboot status\` says more; to bring ${version} back into order, set spec.kubernetesVersion to ${version} and run \`kboot up\`.`,
    zh: `在升级之前修复它：\`kboot status\` 显示更多内容；要让 ${version} 恢复正常，把 spec.kubernetesVersion 设为 ${version}，然后运行 \`kboot up\`。`,
  }),
  freeSpaceHere: ({ folder }: About<'folder'>) => ({
    en: `Free space on this machine, or move older snapshots from ${folder}/snapshots elsewhere.`,
    zh: `释放本机的磁盘空间，或者把较旧的快照从 ${folder}/snapshots 移到别处。`,
  }),
  freeSpaceThere: {
    en: 'Free space there: crictl rmi --prune removes images that no container uses; or enlarge the file system.',
    zh: '释放那里的磁盘空间：crictl rmi --prune 删除没有容器使用的镜像；或者扩大文件系统。',
  },
  barePods: {
    en: 'Delete them, or run them by a Deployment or Job; or set spec.upgrade.drain.force: true to end them for good.',
    zh: '删除它们，或者改由 Deployment 或 Job 运行；也可以设置 spec.upgrade.drain.force: true，彻底结束它们。',
  },
  emptyDirPods: {
    en: 'Move or delete these Pods yourself; or set spec.upgrade.drain.deleteEmptyDirData: true.',
    zh: '自己移走或删除这些 Pod；或者设置 spec.upgrade.drain.deleteEmptyDirData: true。',
  },
  webhookPods: {
    en: 'Bring its Pods back, or delete the configuration if its program is gone; or change its failurePolicy to Ignore for the time of the upgrade.',
    zh: '恢复它的 Pod；如果它的程序已不存在，删除该配置；或者在升级期间把它的 failurePolicy 改为 Ignore。',
  },
  twoReplicasOrOwn: ({ namespace }: About<'namespace'>) => ({
    en: `Run at least two replicas on nodes that are not drained together; or change its failurePolicy to Ignore for the time of the upgrade, and its own namespace ${namespace}.`,
    zh: `在不会同时腾空的节点上至少运行两个副本；或者在升级期间把它的 failurePolicy 改为 Ignore，并排除它自己的命名空间 ${namespace}。`,
  }),
  twoReplicas: {
    en: 'Run at least two replicas on nodes that are not drained together; or change its failurePolicy to Ignore for the time of the upgrade.',
    zh: '在不会同时腾空的节点上至少运行两个副本；或者在升级期间把它的 failurePolicy 改为 Ignore。',
  },
  installProgram: ({ runtime }: About<'runtime'>) => ({
    en: `Install it on the host, or list it in files of the runtime ${runtime} in spec.runtimes.`,
    zh: `在主机上安装它，或者把它列入 spec.runtimes 中运行时 ${runtime} 的 files。`,
  }),
  setBack: ({ value }: About<'value'>) => ({
    en: `Set it back to ${value}.`,
    zh: `把它改回 ${value}。`,
  }),
  callIt: ({ name }: About<'name'>) => ({
    en: `Call it ${name}, or correct its address.`,
    zh: `把它命名为 ${name}，或者改正它的地址。`,
  }),
  addressBack: ({ address }: About<'address'>) => ({
    en: `Set its address back to ${address}.`,
    zh: `把它的地址改回 ${address}。`,
  }),
} satisfies Texts;
