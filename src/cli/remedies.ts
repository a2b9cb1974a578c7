import type { About, Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  whatAdoptTakes: {
    en: '`kboot adopt INVENTORY` reads a lost state folder back; `kboot adopt --host ADDRESS` takes over a cluster that kubeadm made.',
    zh: '`kboot adopt INVENTORY` 读回丢失的状态目录；`kboot adopt --host ADDRESS` 接管由 kubeadm 创建的集群。',
  },
  nearest: ({ versions }: About<'versions'>) => ({
    en: `Nearest: ${versions}.`,
    zh: `最接近的版本：${versions}。`,
  }),
  bundleHelp: {
    en: '`kboot bundle --help` shows which action takes which flag.',
    zh: '`kboot bundle --help` 说明哪个操作使用哪个标志。',
  },
  otherPackages: {
    en: 'Give the other hosts a package source, or install the packages with their image; `kboot plan` names them.',
    zh: '为其他主机提供软件源，或者把软件包装入系统镜像；`kboot plan` 会列出它们。',
  },
  registryPassword: {
    en: 'Give it in KBOOT_REGISTRY_PASSWORD, or in a file with --password-file FILE; kboot takes none on the command line.',
    zh: '用 KBOOT_REGISTRY_PASSWORD 给出，或者用 --password-file FILE 放在文件中；kboot 不在命令行中接受密码。',
  },
  wholeDays: {
    en: 'Use a whole number, such as 30; 0 reports only certificates that have expired.',
    zh: '使用整数，例如 30；0 表示只报告已过期的证书。',
  },
  folderFirst: {
    en: 'Nothing was changed: the state folder must be up to date first.',
    zh: '没有做任何更改：状态目录必须先更新到最新。',
  },
  nameSnapshot: {
    en: '`kboot etcd list INVENTORY` shows the snapshots in the state folder. With --from-survivor, etcd goes on with the most advanced member that is left.',
    zh: '`kboot etcd list INVENTORY` 列出状态目录中的快照。使用 --from-survivor 时，etcd 以剩余成员中数据最新的一个继续。',
  },
  etcdHelp: {
    en: '`kboot etcd --help` shows which action takes what.',
    zh: '`kboot etcd --help` 说明哪个操作需要什么。',
  },
  listCodes: {
    en: '`kboot explain` lists all codes.',
    zh: '`kboot explain` 列出所有错误码。',
  },
  fixOrNoLook: {
    en: 'Fix that and run the same command again, or write the inventory without reading the hosts: --no-look.',
    zh: '解决之后再次运行同一条命令，或者不读取主机就写出清单：--no-look。',
  },
  unusedAddress: {
    en: 'Choose an unused address in the network of the control planes; `--virtual-ip auto` finds one.',
    zh: '在控制平面主机的网络中选择一个未被占用的地址；`--virtual-ip auto` 会找到一个。',
  },
  omitOrMerge: {
    en: 'Omit it, or add --merge.',
    zh: '去掉它，或者加上 --merge。',
  },
  omitName: {
    en: 'Omit it: the cluster has a name.',
    zh: '去掉它：集群已有名称。',
  },
  failFast: {
    en: '--fail-fast is --max-failures 1.',
    zh: '--fail-fast 等同于 --max-failures 1。',
  },
  whatMaxFailures: {
    en: 'It is the number of failed hosts after which nothing new starts; --fail-fast is --max-failures 1.',
    zh: '它是失败主机的数量，达到之后不再开始新的工作；--fail-fast 等同于 --max-failures 1。',
  },
  repairOrOmit: ({ flag }: About<'flag'>) => ({
    en: `Nothing was changed. Repair what could not be read, or leave out ${flag}.`,
    zh: `没有做任何更改。修复无法读取的主机，或者去掉 ${flag}。`,
  }),
  newFile: ({ what }: About<'what'>) => ({
    en: `Name a new file, or an older ${what}, which will be replaced.`,
    zh: `指定一个新文件，或者以前写出的同类文件（${what}），它会被替换。`,
  }),
  rotationGoesOn: {
    en: '`kboot up INVENTORY` goes on with it; another one can begin after that.',
    zh: '`kboot up INVENTORY` 继续进行；完成之后才能开始另一次更换。',
  },
  whoHoldsTheLock: {
    en: '`kboot unlock INVENTORY` shows the run that holds it now. Once that run has ended, run the same command again.',
    zh: '`kboot unlock INVENTORY` 显示现在持有锁的运行。那个运行结束之后，再次运行同一条命令。',
  },
  theChecks: ({ checks }: About<'checks'>) => ({
    en: `The checks are ${checks}.`,
    zh: `检查项有：${checks}。`,
  }),
  cannotIgnore: {
    en: 'Run the command without it, and fix what the check reports.',
    zh: '去掉它再运行命令，并解决该检查项报告的问题。',
  },
  stateHelp: {
    en: '`kboot state --help` shows which action takes what.',
    zh: '`kboot state --help` 说明哪个操作需要什么。',
  },
  reviewThenYes: {
    en: 'Nothing was changed. Review the output above and run the same command with --yes.',
    zh: '没有做任何更改。查看上面的输出，再加上 --yes 运行同一条命令。',
  },
  bundlesOnTheWay: {
    en: 'Give a bundle for each minor version on the way: --bundle OLDER --bundle NEWER.',
    zh: '为途中的每个次版本各指定一个离线包：--bundle OLDER --bundle NEWER。',
  },
  nearestFirst: {
    en: 'Upgrade to the nearest known version first.',
    zh: '先升级到最接近的已知版本。',
  },
  endThere: {
    en: 'Wait until it ends, or end it there: Ctrl-C in its terminal; running steps are finished first. If its machine is off, it sends no heartbeats, and the next run takes the lock over after 30 s.',
    zh: '等待它结束，或者在那里结束它：在它的终端中按 Ctrl-C，正在执行的步骤会先完成。如果那台机器已关机，它就不再发送心跳，下一个运行会在 30 秒后接手锁。',
  },
  endProcess: ({ pid }: About<'pid'>) => ({
    en: `Wait until it ends, or end it: Ctrl-C in its terminal, or \`kill -INT ${pid}\`; running steps are finished first. If \`ps -p ${pid}\` shows another program, the PID was reused: the next run then takes over the lock by itself, after 30 s without a heartbeat.`,
    zh: `等待它结束，或者结束它：在它的终端中按 Ctrl-C，或者运行 \`kill -INT ${pid}\`；正在执行的步骤会先完成。如果 \`ps -p ${pid}\` 显示的是另一个程序，说明该 PID 已被重用：下一个运行会在 30 秒没有心跳之后自行接手锁。`,
  }),
  unofficialBuilds: {
    en: 'No host was contacted. If these builds are your own, or from somebody you trust: the same command with --allow-unofficial, or with KBOOT_ALLOW_UNOFFICIAL=true in its environment; later runs do not ask again for the same files. `kboot bundle verify DIR` lists them all. kboot.lock.yaml (docs/lock.md) pins official images.',
    zh: '没有连接任何主机。如果这些是你自己的构建，或者来自你信任的人：运行同一条命令并加上 --allow-unofficial，或者在环境中设置 KBOOT_ALLOW_UNOFFICIAL=true；以后的运行不会再询问相同的文件。`kboot bundle verify DIR` 列出所有这些文件。kboot.lock.yaml（docs/lock.md）锁定官方镜像。',
  },
  nothingChanged: {
    en: 'Nothing was changed.',
    zh: '没有做任何更改。',
  },
  chainIsWhole: {
    en: 'A chain of upgrades takes the whole cluster through, one plan after another.',
    zh: '连续升级会带着整个集群逐步完成，一份计划接着一份计划。',
  },
  exchangeIsWhole: {
    en: 'An exchange of CAs takes the whole cluster through, one plan after another.',
    zh: '更换 CA 会带着整个集群逐步完成，一份计划接着一份计划。',
  },
  fixFindings: {
    en: 'Fix the findings above.',
    zh: '解决上面的问题。',
  },
  fixOrIgnore: ({ checks }: About<'checks'>) => ({
    en: `Fix the findings above, or ignore a check if you know better: --ignore-preflight ${checks} (or spec.preflight.ignore).`,
    zh: `解决上面的问题；如果你确认没有问题，也可以忽略检查项：--ignore-preflight ${checks}（或 spec.preflight.ignore）。`,
  }),
  listCommands: {
    en: '`kboot --help` lists the commands.',
    zh: '`kboot --help` 列出所有命令。',
  },
  showUsage: ({ verb }: About<'verb'>) => ({
    en: `\`kboot ${verb} --help\` shows its usage.`,
    zh: `\`kboot ${verb} --help\` 显示它的用法。`,
  }),
  emptyVariable: {
    en: 'If you passed a shell variable, it was empty.',
    zh: '如果传入的是 shell 变量，它是空的。',
  },
  takesAllWords: ({ list, needed }: About<'list' | 'needed'>) => ({
    en: `--${list} takes all words that follow: put it after ${needed}.`,
    zh: `--${list} 会取走后面的所有词：把它放在 ${needed} 之后。`,
  }),
  planOrUp: ({ word }: About<'word'>) => ({
    en: `\`kboot plan ${word}\` shows the changes, \`kboot up ${word}\` applies them.`,
    zh: `\`kboot plan ${word}\` 显示更改，\`kboot up ${word}\` 执行更改。`,
  }),
  giveOnce: {
    en: 'Give it once: it takes one value.',
    zh: '只写一次：它只接受一个值。',
  },
  whatConcurrency: {
    en: 'It is the number of hosts to work on at the same time.',
    zh: '它是同时处理的主机数量。',
  },
  upBeforeRotation: {
    en: 'Run `kboot up` without --rotate-ca first. Nothing was changed.',
    zh: '先运行 `kboot up`，不加 --rotate-ca。没有做任何更改。',
  },
  noExchange: {
    en: 'No exchange has begun. Run the same command again once that is done.',
    zh: '更换没有开始。完成之后，再次运行同一条命令。',
  },
} satisfies Texts;
