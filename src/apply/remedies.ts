import type { About, Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  planAgain: {
    en: 'Make the plan again.',
    zh: '重新生成计划。',
  },
  correctManifest: {
    en: 'Correct the manifest, and run the same command again.',
    zh: '修正 manifest，然后再次运行同一条命令。',
  },
  addDefinition: {
    en: 'Put its CustomResourceDefinition into the add-on, or into one that it names in `after`.',
    zh: '把它的 CustomResourceDefinition 放入该插件，或者放入它在 `after` 中写明的插件。',
  },
  noPodEvicted: ({ fields }: About<'fields'>) => ({
    en: `No Pod was evicted. Delete or move these Pods, or set ${fields}; then run the same command again.`,
    zh: `没有驱逐任何 Pod。删除或移走这些 Pod，或者设置 ${fields}；然后再次运行同一条命令。`,
  }),
  staysCordoned: ({ node }: About<'node'>) => ({
    en: `Node ${node} stays cordoned. Make these Pods evictable (a PodDisruptionBudget may require more replicas elsewhere first), then run the same command again.`,
    zh: `节点 ${node} 仍标记为不可调度。让这些 Pod 可以被驱逐（PodDisruptionBudget 可能要求其他节点上先有更多副本），然后再次运行同一条命令。`,
  }),
  notUpgraded: ({ node }: About<'node'>) => ({
    en: `Node ${node} was not upgraded; it is uncordoned, unless somebody else had cordoned it. Where a budget forbids an eviction, add replicas on other nodes, wait until its Pods are Ready, or relax the budget; where a Pod ends slowly, raise spec.upgrade.drain.timeoutSeconds. Then run the same command again.`,
    zh: `节点 ${node} 没有升级；它已恢复调度，除非原本就被其他人标记为不可调度。如果 PodDisruptionBudget 禁止驱逐，在其他节点上增加副本，等待它的 Pod 就绪，或者放宽它；如果 Pod 结束较慢，增大 spec.upgrade.drain.timeoutSeconds。然后再次运行同一条命令。`,
  }),
  flannelLog: ({ node }: About<'node'>) => ({
    en: `Read flannel's log: kubectl -n kube-flannel logs -l app=flannel --field-selector spec.nodeName=${node}; then run the same command again.`,
    zh: `查看 flannel 的日志：kubectl -n kube-flannel logs -l app=flannel --field-selector spec.nodeName=${node}；然后再次运行同一条命令。`,
  }),
  clusterIsLocked: {
    en: 'Nothing was changed. Wait until it ends, then run the same command again; or end it there: Ctrl-C, once, lets its running steps finish. `kboot unlock INVENTORY` shows it.',
    zh: '没有做任何更改。等待它结束，然后再次运行同一条命令；或者在那里结束它：按一次 Ctrl-C，让正在执行的步骤完成。`kboot unlock INVENTORY` 显示它。',
  },
  sameBundle: {
    en: 'Pass the bundle that the plan was made with: --bundle DIR.',
    zh: '传入生成计划时使用的离线包：--bundle DIR。',
  },
  rewriteRest: {
    en: 'Run the same command again: it goes on with the rest.',
    zh: '再次运行同一条命令：它会继续处理其余部分。',
  },
  keysStay: {
    en: 'Nothing is lost: every key that they need stays. Fix what refuses the update, such as a webhook, then run the same command again.',
    zh: '没有丢失任何内容：它们需要的密钥全部保留。解决拒绝更新的原因（例如 webhook），然后再次运行同一条命令。',
  },
  hostIsSilent: {
    en: "Finished steps stay done, and files are complete. Check the host's load and disks, then run the same command: it continues there.",
    zh: '已完成的步骤保留，文件是完整的。检查主机的负载和磁盘，然后运行同一条命令：它会从那里继续。',
  },
  notItsShell: {
    en: 'Finished steps stay done, and files are complete. Something on the host answers in place of its shell: check the host before you run the same command again.',
    zh: '已完成的步骤保留，文件是完整的。主机上有其他程序代替它的 shell 作出响应：先检查主机，再运行同一条命令。',
  },
  whenItResponds: {
    en: 'Finished steps stay done, and files are complete. When the host responds again, run the same command: it continues there.',
    zh: '已完成的步骤保留，文件是完整的。主机恢复响应之后，运行同一条命令：它会从那里继续。',
  },
  checkBundle: {
    en: 'Finished steps stay done, and files are complete. Check the bundle (`kboot bundle verify`) and run again.',
    zh: '已完成的步骤保留，文件是完整的。检查离线包（`kboot bundle verify`），然后再次运行。',
  },
  whoseFolder: ({ folder }: About<'folder'>) => ({
    en: `Find out who made it (\`stat ${folder}\` on the host), remove it, then run the same command again.`,
    zh: `找出是谁创建了它（在主机上运行 \`stat ${folder}\`），删除它，然后再次运行同一条命令。`,
  }),
  sessionIsActive: {
    en: 'Wait until it ends, then run the same command again; if nobody runs it any more, end that process on the host.',
    zh: '等待它结束，然后再次运行同一条命令；如果已经没有人在使用它，在主机上结束该进程。',
  },
  correctApiServerFile: {
    en: 'Correct it where the inventory has it (spec.apiServer.authentication, spec.apiServer.authorization or spec.security.audit.policyFile), then run the same command again.',
    zh: '在清单中修正它（spec.apiServer.authentication、spec.apiServer.authorization 或 spec.security.audit.policyFile），然后再次运行同一条命令。',
  },
  freeSpace: {
    en: 'Free space on this host and run the same command again: it continues there.',
    zh: '释放该主机的磁盘空间，然后再次运行同一条命令：它会从那里继续。',
  },
  cannotDownload: {
    en: 'Check its name server, firewall and route to that address; without internet access, use a bundle (--bundle DIR) or a mirror (spec.artifacts.mirror), then run the same command again: it continues there.',
    zh: '检查它的 DNS 服务器、防火墙和到该地址的路由；没有互联网访问时，使用离线包（--bundle DIR）或镜像站（spec.artifacts.mirror），然后再次运行同一条命令：它会从那里继续。',
  },
  aptIsLocked: {
    en: 'Wait until it is done, then run the same command again: it continues there. On a freshly booted machine it is often unattended-upgrades: `systemctl status apt-daily-upgrade`.',
    zh: '等待它完成，然后再次运行同一条命令：它会从那里继续。在刚启动的机器上，通常是 unattended-upgrades：`systemctl status apt-daily-upgrade`。',
  },
  dnfIsLocked: {
    en: 'Wait until it is done, then run the same command again: it continues there. On a freshly booted machine it is often dnf-makecache or PackageKit.',
    zh: '等待它完成，然后再次运行同一条命令：它会从那里继续。在刚启动的机器上，通常是 dnf-makecache 或 PackageKit。',
  },
  configurePackages: {
    en: 'Run `dpkg --configure -a` there, then run the same command again: it continues there.',
    zh: '在那里运行 `dpkg --configure -a`，然后再次运行同一条命令：它会从那里继续。',
  },
  fixPackages: {
    en: 'Run `apt-get --fix-broken install` there, then run the same command again: it continues there.',
    zh: '在那里运行 `apt-get --fix-broken install`，然后再次运行同一条命令：它会从那里继续。',
  },
  packageFails: {
    en: 'Run `dpkg --configure -a` on this host, which shows why, and fix the cause, then run the same command again: it continues there.',
    zh: '在该主机上运行 `dpkg --configure -a`，它会显示原因；解决之后，再次运行同一条命令：它会从那里继续。',
  },
  register: {
    en: 'Register it (`subscription-manager register`), or install the package yourself, then run the same command again: it continues there.',
    zh: '注册它（`subscription-manager register`），或者自己安装该软件包，然后再次运行同一条命令：它会从那里继续。',
  },
  yumSources: {
    en: 'Check its name server and /etc/yum.repos.d (`dnf makecache` shows details), or install the package yourself, then run the same command again: it continues there.',
    zh: '检查它的 DNS 服务器和 /etc/yum.repos.d（`dnf makecache` 显示详情），或者自己安装该软件包，然后再次运行同一条命令：它会从那里继续。',
  },
  bundledPackages: {
    en: 'See the output for what is missing. `kboot bundle create DIRECTORY --packages SYSTEM` fetches the packages again; or install the package yourself. Then run the same command again: it continues there.',
    zh: '缺少什么见输出。`kboot bundle create DIRECTORY --packages SYSTEM` 重新获取软件包；或者自己安装该软件包。然后再次运行同一条命令：它会从那里继续。',
  },
  stillMounted: {
    en: 'Find what uses it (`fuser -vm MOUNT`) and unmount it; a mount of your own stays if it is in /etc/fstab, then run the same command again: it continues there.',
    zh: '找出是什么在使用它（`fuser -vm MOUNT`），并卸载它；你自己的挂载点如果写在 /etc/fstab 中，就会保留。然后再次运行同一条命令：它会从那里继续。',
  },
  noModule: {
    en: 'If the kernel was updated since the host booted, reboot it; on RHEL and its relatives install the package of this kernel (`uname -r`) with the module: kernel-modules or kernel-modules-extra, then run the same command again: it continues there.',
    zh: '如果主机启动之后更新过内核，重启主机；在 RHEL 及其衍生版上，安装与当前内核（`uname -r`）对应、含有该模块的软件包 kernel-modules 或 kernel-modules-extra，然后再次运行同一条命令：它会从那里继续。',
  },
  aptSources: {
    en: 'Check its name server, /etc/apt/sources.list and sources.list.d (`apt-get update` shows details), or install the package yourself, then run the same command again: it continues there.',
    zh: '检查它的 DNS 服务器、/etc/apt/sources.list 和 sources.list.d（`apt-get update` 显示详情），或者自己安装该软件包，然后再次运行同一条命令：它会从那里继续。',
  },
  hostWasChanged: {
    en: 'The host was changed after it was read. Run the same command again: it makes a new plan.',
    zh: '主机在读取之后有变化。再次运行同一条命令：它会生成新的计划。',
  },
  lockWasTaken: {
    en: '`kboot unlock INVENTORY` shows that run. Once it has ended, run the same command again.',
    zh: '`kboot unlock INVENTORY` 显示那个运行。它结束之后，再次运行同一条命令。',
  },
  fixTheCause: {
    en: 'Fix the cause on this host, then run the same command again: it continues there.',
    zh: '解决该主机上的原因，然后再次运行同一条命令：它会从那里继续。',
  },
  continuesHere: {
    en: 'Run the same command again: it continues here.',
    zh: '再次运行同一条命令：它会从这里继续。',
  },
  rolledBack: ({ what }: About<'what'>) => ({
    en: `Rolled back. ${what}.`,
    zh: `已回滚：${what}。`,
  }),
  notRolledBack: ({ failures }: About<'failures'>) => ({
    en: `Not rolled back: ${failures}`,
    zh: `没有回滚：${failures}`,
  }),
} satisfies Texts;
