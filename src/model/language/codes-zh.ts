import type { ErrorCode } from '../error.ts';

/** Title, cause and remedy of every error code in Chinese: those of `errorCodes`, sentence by sentence. */
export const codesZh: Readonly<
  Record<ErrorCode, { readonly title: string; readonly cause: string; readonly remedy: string }>
> = {
  'E-USAGE': {
    title: '命令行无效。',
    cause:
      '命令行中的某个标志、参数或文件无效，或者有问题需要回答，却没有终端可以询问。' +
      'kboot 最先检查命令行：没有连接任何主机，也没有做任何更改。',
    remedy:
      '错误消息会指出哪个词有误；`kboot COMMAND --help` 列出有效的写法。' +
      '在 cron、CI 等没有终端的环境中，先看过计划，再用 `--yes` 代替回答。',
  },
  'E-INVENTORY': {
    title: '清单有问题。',
    cause:
      '清单或它旁边的 kboot.lock.yaml 无法读取，或者内容无效。所有问题一次全部报告，格式为 file:line:column。' +
      '没有连接任何主机，也没有做任何更改：清单要么整份采用，要么完全不用。',
    remedy:
      '修正报告的各行，再运行 `kboot validate INVENTORY`，直到没有问题。`kboot init` 可以新写一份清单。' +
      '把 inventory.schema.json 放在清单旁边（`kboot schema`），编辑器就能在输入时标出大多数错误。',
  },
  'E-TEMPLATE': {
    title: '模板无法渲染。',
    cause:
      '要放到主机上的某个文件无法渲染：你自己的模板（spec.templates）无法编译或使用了未定义的变量，' +
      '或者清单中的某个值在该文件里无效。文件在更改主机之前渲染：没有做任何更改。',
    remedy:
      '修正消息中的模板或值。`kboot render INVENTORY --out DIR` 不连接主机就能查看生成的文件。' +
      '要恢复使用 kboot 自带的模板，从目录中删除你自己的那一份即可。',
  },
  'E-ADDON': {
    title: '清单中的插件无法渲染。',
    cause:
      '插件（spec.addons）在连接任何主机之前、在运行 kboot 的机器上渲染：kustomization 构建失败，' +
      '所需的程序没有安装或版本太旧，或者渲染结果不是 Kubernetes 对象。没有做任何更改。',
    remedy:
      '消息会指出插件、文件以及其中的问题；下面几行是该程序的输出。' +
      '安装消息中提到的程序，或者修正文件，然后再次运行同一条命令。',
  },
  'E-BUNDLE': {
    title: '离线包不完整，或者某个文件的校验和不符。',
    cause:
      '--bundle 或 KBOOT_BUNDLE 指定的目录不存在或不是离线包，缺少某台主机需要的文件，属于另一个 Kubernetes 版本，' +
      '有文件的 SHA-256 与 bundle.json 不同，或者有文件或镜像与清单旁边的 kboot.lock.yaml 不同。' +
      '也可能是其中有非官方且无人担保的构建；或者 spec.artifacts.bundleSigners 中没有任何一方为它签名；' +
      '或者 `kboot bundle create DIR` 要获取的某个镜像没有已知的摘要。' +
      '离线包在第一次更改之前检查；如果是文件传输失败，此前的步骤已经完成并且有效。',
    remedy:
      '`kboot bundle verify DIR` 重新读取每个文件，并列出不符的文件。重新获取这些文件' +
      '（`kboot bundle create DIR` 会获取缺失和错误的文件）；如果是有意添加或替换文件，运行 `kboot bundle index DIR`。' +
      '如果使用的是自己的构建，与官方构建或锁定文件不同，添加 `--allow-unofficial`（或设置 KBOOT_ALLOW_UNOFFICIAL=true）；' +
      '`kboot up` 会记住这一选择。`kboot lock INVENTORY` 锁定镜像。然后再次运行同一条命令。',
  },
  'E-FETCH': {
    title: '发布文件或镜像无法获取。',
    cause:
      '`kboot bundle create` 或 `kboot lock` 访问了官方站点、镜像站或镜像仓库，对方无法连接、没有该文件、断开了连接，' +
      '或者发来的内容 SHA-256 不符。不完整或错误的文件不会保留，此前获取的文件会保留。没有连接集群的任何主机。',
    remedy:
      '消息列出每个地址及其错误。如果要经过代理，设置 HTTPS_PROXY（内部主机设置 NO_PROXY）；' +
      '如果有自己的 CA，设置 NODE_EXTRA_CA_CERTS；也可以换用镜像站或其他镜像仓库' +
      '（spec.artifacts.mirror 和 spec.imageRepository，或者 `bundle create` 的 `--mirror` 和 `--image-repository`）。' +
      '然后再次运行同一条命令：只获取缺失的文件。',
  },
  'E-PUSH': {
    title: '镜像无法推送到镜像仓库。',
    cause:
      '`kboot bundle push` 无法连接镜像仓库，不信任其证书，被其拒绝，或者连接中断。此前推送的镜像和完整的层已在仓库中，' +
      '离线包保持原样。没有连接集群的任何主机。',
    remedy:
      '消息列出地址和仓库的响应。登录用 `--username USER` 加上 `--password-file FILE` 或 KBOOT_REGISTRY_PASSWORD，' +
      '也可以用 `docker login` 或 `podman login` 保存的登录；自己的 CA 用 `--ca-file FILE`。然后再次运行同一条命令：' +
      '只发送仓库缺少的内容。',
  },
  'E-STATE': {
    title: '状态目录无法使用。',
    cause:
      '状态目录（清单旁边的 .kboot/NAME，或者 --state 指定的目录）或本机的另一个文件无法读写：它属于另一个用户，' +
      '磁盘已满或只读，或者其中的文件已损坏。状态目录保存着集群的密钥，没有它 kboot 不会继续。主机上的一切保持原样。',
    remedy:
      '以该目录所有者的身份运行 kboot，释放空间，或者用 --state 指定正确的目录。' +
      '如果目录丢失，从备份中恢复：没有 CA，就无法更改正在运行的集群。',
  },
  'E-STATE-COPY': {
    title: '状态目录的副本无法使用。',
    cause:
      '`kboot state push` 生成的副本与状态目录不匹配：自上次推送或拉取以来，有其他人推送过；两边都有改动；' +
      '副本属于另一个集群，比这里曾经有过的更旧，由更新版本的 kboot 写入，或者已损坏。没有覆盖任何内容；' +
      '中断的拉取会由下一次拉取完成。',
    remedy:
      '`kboot state show INVENTORY` 说明两者之中哪一个有改动。通常先运行 `kboot state pull INVENTORY`，再运行原来的命令。' +
      '如果两边都有改动，由你决定哪一个正确：`--force` 在询问之后覆盖另一个，拉取时会保留被替换的文件。',
  },
  'E-STATE-KEY': {
    title: '口令或身份缺失，或者不正确。',
    cause:
      '状态目录的副本或其中的私钥已加密，而提供的内容都无法解密：没有口令，也没有终端可以询问；口令错误；' +
      '身份文件不是 age 格式，其他用户可以读取，或者不属于任何接收者。没有写入任何内容。',
    remedy:
      '输入口令，或设置 KBOOT_STATE_PASSPHRASE，或将 KBOOT_STATE_PASSPHRASE_FILE 设为包含口令的文件；' +
      '如果使用接收者，将 KBOOT_STATE_IDENTITY 设为包含你的身份（AGE-SECRET-KEY-1…）的文件，权限为 600。' +
      '如果你还不是接收者，请某位接收者把你的公钥加入 spec.state.recipients，并再次推送。',
  },
  'E-PKI': {
    title: '密钥或证书无法使用。',
    cause:
      '状态目录中的证书或密钥，或者由你提供的证书或密钥，无法读取、与密钥或 CA 不匹配，或已过期；' +
      '也可能是清单中的某个名称不能用于证书。损坏的证书绝不会发送到主机。',
    remedy:
      '消息中有该文件的路径。从备份中恢复它。不是 CA 的证书可以连同密钥一起删除：kboot 会签发新的证书。' +
      '切勿删除正在运行的集群的 ca.crt 或 ca.key：所有节点只信任这个 CA。',
  },
  'E-PLAN': {
    title: '已保存的计划无法使用。',
    cause:
      '交给 `kboot up --plan` 或 `kboot plan show` 的文件不是 kboot 的计划，被修改或截断，' +
      '是用 --offline 或计划格式不同的 kboot 版本生成的，或者属于另一份清单或另一个状态目录。' +
      '它在连接任何主机之前就被拒绝：没有做任何更改。',
    remedy:
      '重新生成计划：`kboot plan INVENTORY --out FILE`，不要加 --offline，' +
      '并使用与 `up` 相同的清单和 --state。',
  },
  'E-CONNECT': {
    title: '主机无法连接。',
    cause:
      '无法建立到主机的 SSH 连接，或者连接中断：名称无法解析，地址不可达，端口上没有服务监听，或者 sshd 关闭了连接。' +
      '没有连接上的主机没有任何更改。如果连接在 `up` 期间中断，主机上不会有只写了一半的文件，' +
      '正在执行的步骤可能已完成，也可能没有，其他主机继续执行。',
    remedy:
      '在本机上试试 `ssh USER@ADDRESS`。检查主机的电源和网络、防火墙、sshd（`systemctl status ssh`），' +
      '以及清单中的 address、ssh.address 和 ssh.port。然后再次运行同一条命令：它会从停止的地方继续。' +
      '在此期间，`--limit HOST` 可以处理其他主机；控制平面主机无论如何都会读取。',
  },
  'E-CONSENT': {
    title: '清单中的程序不能运行。',
    cause:
      '清单中写有会在本机上以你的身份运行的程序：列出主机的命令（spec.hostsFrom.command），或者 Vagrantfile（ssh.vagrant）。' +
      '只有你同意，kboot 才会运行它：否则，能修改清单的人就可以在任何读取清单的地方（例如 CI）运行任意程序。' +
      '没有连接任何主机。',
    remedy:
      '先阅读该程序。然后在终端中运行命令并回答询问（在命令、程序或 Vagrantfile 改变之前，回答会被记住），' +
      '或者添加 --allow-hooks。',
  },
  'E-VAGRANT': {
    title: 'Vagrant 没有给出虚拟机的连接设置。',
    cause:
      '清单写明该虚拟机由 Vagrant 管理（ssh.vagrant），但在那个目录中运行 `vagrant ssh-config` 没有返回它的连接设置：' +
      '没有安装 Vagrant，没有 Vagrantfile，或者虚拟机没有创建或没有运行。没有与该主机建立连接，也没有更改它。',
    remedy:
      '在 ssh.vagrant 指定的目录中运行 `vagrant status`；如果虚拟机没有运行，运行 `vagrant up`；' +
      '确认它在那里的名称就是清单中的主机名称。然后再次运行同一条命令。',
  },
  'E-HOST-KEY-UNKNOWN': {
    title: 'SSH 主机密钥未知。',
    cause:
      '本机从未见过该主机的 SSH 密钥，因此无法确认对方就是正确的主机。kboot 在发送密码或使用密钥之前就关闭了连接。' +
      '该主机上没有任何更改。',
    remedy:
      '把消息中的指纹与主机控制台上显示的指纹进行比较：`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`。' +
      '如果相同，把消息中的那一行加入 ~/.ssh/known_hosts，或者把密钥作为 hostKey 写入清单。这项检查无法关闭。',
  },
  'E-HOST-KEY-CHANGED': {
    title: 'SSH 主机密钥已改变。',
    cause:
      '主机出示的 SSH 密钥与记录的不同。可能是主机重装过系统，它的地址分配给了另一台机器，或者有人在截获连接。' +
      'kboot 在发送密码或使用密钥之前就关闭了连接。该主机上没有任何更改。',
    remedy:
      '在弄清原因之前不要继续。询问安装这台机器的人，并在它自己的控制台上比较指纹。确认之后才删除旧密钥' +
      '（`ssh-keygen -R ADDRESS`，或清单中的 hostKey），并记录新密钥。',
  },
  'E-AUTH': {
    title: '主机拒绝了所有凭据。',
    cause:
      '主机有响应，主机密钥也正确，但它不接受该用户的任何凭据：SSH agent 中的密钥、密钥文件和密码都不行。' +
      '消息列出尝试过的凭据，以及主机接受的认证方式。该主机上没有任何更改。',
    remedy:
      '试试 `ssh -i KEY USER@ADDRESS`。把你的公钥加入主机上的 ~USER/.ssh/authorized_keys，' +
      '修正清单中的 ssh.user 或 ssh.identityFile，或者把密钥加入 SSH agent（`ssh-add`）。' +
      '密码从终端读取，或来自 KBOOT_SSH_PASSWORD；堡垒机的密码来自 KBOOT_BASTION_PASSWORD。',
  },
  'E-SUDO': {
    title: '该用户无法成为 root。',
    cause:
      '登录成功，但 sudo 失败：没有安装 sudo，不允许该用户运行所有命令，或者需要密码而密码缺失或错误。' +
      'kboot 以 root 身份读取和更改主机。该主机上没有任何更改。',
    remedy:
      '在主机上授权：用 visudo 在 /etc/sudoers.d 中建立一个文件，内容为 `USER ALL=(ALL) NOPASSWD: ALL`。' +
      '或者在终端中输入密码，或设置 KBOOT_SUDO_PASSWORD，或以 root 登录（ssh.user）。',
  },
  'E-TIMEOUT': {
    title: '主机停止响应。',
    cause:
      '连接仍然打开，但一条只读命令没有按时完成：主机过载，某个挂载点卡住，或者登录 shell 在等待什么。' +
      'kboot 不使用不完整的结果，因此没有为该主机生成计划，这条命令也没有更改任何内容。',
    remedy:
      '登录主机检查：`uptime`、`dmesg | tail`、`df`（挂载点卡住时它也会卡住）、`systemctl --failed`。' +
      '检查该用户的 shell 启动文件和 PAM。然后再次运行同一条命令。',
  },
  'E-PROBE': {
    title: '主机的状态没有读取完整。',
    cause:
      '主机返回的结果不完整：输出被截断，某个程序失败，或者某个文件无法读取。' +
      'kboot 从不把读不到的状态当作不存在，否则可能在原有集群之上再建一个集群。' +
      '因此它在更改该主机之前就停止了；如果该主机可能存有集群数据，则在任何更改之前停止。',
    remedy:
      '再次运行同一条命令。如果错误仍然出现，以同一用户登录，检查磁盘是否已满、文件系统是否损坏，' +
      '以及登录 shell 是否有输出或自行退出。',
  },
  'E-PREFLIGHT': {
    title: '主机不满足某项要求。',
    cause:
      '主机已读取，至少有一台不满足其角色的要求：系统、CPU、内存、磁盘、端口、时钟、地址，或者虚拟 IP 已被占用。' +
      '所有问题一次全部报告，括号中是检查项的名称。没有做任何更改。',
    remedy:
      '解决这些问题，然后再次运行同一条命令。如果你确认没有问题，可以按名称忽略检查项：`--ignore-preflight NAME`，' +
      '或者用 spec.preflight.ignore 永久忽略。只忽略你真正理解的问题。ForeignCluster 和 KubernetesVersion 不能忽略。',
  },
  'E-FOREIGN-CLUSTER': {
    title: '主机属于另一个集群。',
    cause:
      '主机或 spec.etcd.external 中的 etcd 带有另一个集群的标记或数据，而不是此状态目录所属的集群。' +
      '继续下去 kboot 会毁掉那个集群，因此没有做任何更改。常见原因是状态目录丢失、被移动或弄错：' +
      '这时看起来陌生的其实是你自己的集群。',
    remedy:
      '确认清单与 --state 对应；如果状态目录丢失，从备份中恢复。要删除另一个集群，' +
      '用它自己的清单和状态目录，或者用创建它的工具（`kubeadm reset`）重置它。',
  },
  'E-ADOPT': {
    title: '集群无法接管。',
    cause:
      '`kboot adopt` 读取了由其他工具创建的集群，发现有 kboot 无法继续使用的内容：CA 没有密钥，' +
      '版本不受支持，或者某个设置没有对应的字段。所有原因都已列出。没有写入任何内容，主机上也没有任何更改。',
    remedy: '用创建该集群的工具修改消息中指出的内容，然后再次运行同一条命令。集群照常运行。',
  },
  'E-STEP': {
    title: '主机上的某个步骤失败。',
    cause:
      '计划中的一条命令在该主机上失败。它之后的步骤没有开始；其他主机继续执行。' +
      '主机上的文件是完整的，要么是旧的，要么是新的，不会只写了一半。此前的步骤已经完成，并且保留。',
    remedy:
      '查看上面该命令最后的输出，完整输出在 .kboot/NAME/runs 下的日志中。在主机上解决原因：磁盘空间、软件源、DNS、' +
      '某个 systemd 单元（`journalctl -u UNIT`）。然后再次运行同一条命令：它会从那里继续。',
  },
  'E-WAIT': {
    title: '有组件没有按时就绪。',
    cause:
      '所有更改都已完成，但之后有组件没有按时就绪：etcd 成员、API 服务器、节点或 Pod。' +
      'kboot 停在那里，没有开始之后的步骤。没有回滚任何更改；它可能稍后自行就绪。',
    remedy:
      '上面几行说明等待的是什么，以及最后看到的状态。在主机上：用 `crictl ps -a` 和 `crictl logs ID` 查看控制平面容器，' +
      '用 `journalctl -u kubelet -n 50`、`journalctl -u etcd` 查看日志。在集群中：用 `kubectl get pods -A` 和 ' +
      '`kubectl describe` 查看。然后再次运行同一条命令。',
  },
  'E-DRAIN': {
    title: '要升级的节点没有腾空。',
    cause:
      '升级工作节点之前，会像 `kubectl drain` 那样驱逐其上的 Pod。有些 Pod 没有在 spec.upgrade.drain.timeoutSeconds 内离开，' +
      '因为 PodDisruptionBudget 不允许，或者它们需要更长时间才能结束；也可能是 spec.upgrade.drain 禁止驱逐其中某个 Pod。' +
      '该节点没有升级，继续提供服务：它已恢复为可调度，除非原本就被其他人标记为不可调度。不会再腾空其他工作节点。',
    remedy:
      '消息列出每个仍在节点上的 Pod，以及禁止驱逐它的 PodDisruptionBudget 及其数值。在其他节点上增加副本，' +
      '等待不健康的 Pod 就绪，或放宽 PodDisruptionBudget；对于结束较慢的 Pod，增大 spec.upgrade.drain.timeoutSeconds。' +
      '然后再次运行同一条命令：它会从这个节点继续。',
  },
  'E-KUBE-API': {
    title: 'Kubernetes API 拒绝了请求。',
    cause:
      'API 服务器返回了错误，或者通过控制平面主机连接不到任何 API 服务器。此前的请求已经生效，之后的请求没有发送。' +
      '常见原因：webhook 没有响应、准入策略，以及 API 服务器无法使用 etcd。',
    remedy:
      '消息中有 API 自己的错误。检查 `kboot status INVENTORY`，并在控制平面主机上用 `crictl ps -a` 和 `crictl logs` ' +
      '查看 kube-apiserver。如果是 webhook 拒绝了请求，修正或删除它的配置。然后再次运行同一条命令。',
  },
  'E-ETCD': {
    title: 'etcd 拒绝了请求。',
    cause:
      '某个 etcd 成员返回了错误，或者在读取或更改成员列表时没有成员响应。成员逐个更改，更改之前先把快照存入状态目录，' +
      '添加失败会被撤销：etcd 的成员与之前相同，或者只相差消息中的那一个成员。',
    remedy:
      '检查 `kboot status INVENTORY`，并在 etcd 主机上用 `crictl logs` 查看 etcd，或运行 `journalctl -u etcd`：' +
      '磁盘慢、磁盘已满、时钟不准或与其他成员失去连接。让停止的成员恢复运行。然后再次运行同一条命令。',
  },
  'E-MAX-FAILURES': {
    title: '失败的主机超过了本次运行允许的数量。',
    cause:
      '使用 `--fail-fast` 或 `--max-failures` 时，一旦失败或无法读取的主机达到该数量，就不再开始新的工作。' +
      '当时正在执行的会执行完；还没有开始的主机没有任何更改。',
    remedy:
      '每台失败的主机在上面都有自己的错误：解决它，然后再次运行同一条命令，会从停止的地方继续。' +
      '不加这个标志时，其他主机会继续执行。',
  },
  'E-QUORUM': {
    title: 'etcd 没有法定人数，或者会因这次更改而失去法定人数。',
    cause:
      '必须有超过半数的 etcd 成员响应。现在要么响应的成员不够，要么清单中的更改会移除太多成员。' +
      '没有法定人数，集群不接受写入，也无法添加或移除成员。没有做任何更改。',
    remedy:
      '让停止的成员连同其磁盘恢复运行：检查电源、网络、`journalctl -u etcd` 或 `crictl logs`。' +
      '每次只从清单中移除一个成员。如果超过半数的成员永久丢失，' +
      '`kboot etcd restore INVENTORY --from-survivor` 用剩余成员中数据最新的一个重建 etcd，' +
      '`kboot etcd restore INVENTORY SNAPSHOT` 用快照重建。',
  },
  'E-SNAPSHOT': {
    title: '这个 etcd 快照无法恢复。',
    cause:
      '该文件不是快照，或者已损坏：快照的末尾是其全部内容的 SHA-256。也可能是它属于另一个集群，' +
      '来自比主机上更新的 etcd 或 Kubernetes，或者还有更新的快照。这在停止任何组件之前就会发现：没有做任何更改。',
    remedy:
      '`kboot etcd list INVENTORY` 列出状态目录中的快照，说明它们是否完好，以及其中的内容。' +
      '选择另一个快照，或者从保存它的地方重新复制。',
  },
  'E-STALE': {
    title: '生成计划之后，主机有变化。',
    cause:
      '在计划与其中某个步骤之间，有人或有程序更改了主机：某个文件在读取之后变了。' +
      '该主机上的这一步骤及之后的步骤没有执行；其他主机继续执行。此前的步骤已经完成，并且保留。',
    remedy:
      '找出还有什么在更改这台主机：同事、配置管理工具、自动升级。然后再次运行同一条命令：它会读取主机并生成新的计划。',
  },
  'E-PLAN-STALE': {
    title: '已保存的计划已过时。',
    cause:
      '`kboot up --plan` 重新读取了一切，发现生成计划之后有变化：主机、清单、模板、离线包、证书，或者 kboot 本身。' +
      '变化已在上面列出。审核过的计划要么完全照原样执行，要么完全不执行：没有做任何更改。',
    remedy: '用 `kboot plan INVENTORY --out FILE` 生成新的计划，重新审核，并在其他内容改变之前执行。',
  },
  'E-LOCKED': {
    title: '另一个运行持有锁。',
    cause:
      '另一个 kboot 正在处理这个集群：它持有状态目录中的锁，或者集群的锁，后者在控制平面主机上（/run/kboot）' +
      '和 API 中（Lease kube-system/kboot）；也可能是它的某个会话仍在主机上运行。两个运行同时进行可能互相撤销更改，' +
      '因此这个运行什么也没有做。运行每 5 秒续一次锁；如果它中止，锁会释放：在本机上立即释放，在其他机器上 30 秒后释放。',
    remedy:
      '等待另一个运行结束，或者结束它（按一次 Ctrl-C，让当前步骤执行完）。' +
      '`kboot unlock INVENTORY` 显示锁的持有者，并删除持有者已不存在的锁。' +
      '如果主机上还有残留的会话，消息会给出它的进程：在那里结束它。',
  },
  'E-INTERRUPTED': {
    title: '已中断。',
    cause:
      'Ctrl-C、信号或没有得到回答的询问结束了运行。第一次 Ctrl-C 之后，正在执行的步骤会完成，不再开始新的步骤；' +
      '第二次之后，一切立即停止。无论哪种情况，主机上的文件都是完整的，也没有回滚任何更改。',
    remedy:
      '再次运行同一条命令：它会读取主机，并从当前状态继续。如果需要先用其他工具处理这些主机，' +
      '`kboot plan INVENTORY` 显示还剩下什么要做。',
  },
};
