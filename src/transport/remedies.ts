import type { About, Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  correctIdentityFile: {
    en: 'Correct ssh.identityFile in the inventory.',
    zh: '改正清单中的 ssh.identityFile。',
  },
  nameThePrivateKey: ({ path }: About<'path'>) => ({
    en: `Set ssh.identityFile to the private key: ${path}`,
    zh: `把 ssh.identityFile 设为私钥：${path}`,
  }),
  nameAPrivateKey: {
    en: 'Set ssh.identityFile to the private key file.',
    zh: '把 ssh.identityFile 设为私钥文件。',
  },
  addToAgent: ({ path }: About<'path'>) => ({
    en: `Add it to the agent (\`ssh-add ${path}\`), or run kboot in a terminal.`,
    zh: `把它加入 SSH agent（\`ssh-add ${path}\`），或者在终端中运行 kboot。`,
  }),
  vagrantsKeys: ({ host }: About<'host'>) => ({
    en: `These are the keys that Vagrant reports. Check whether \`vagrant ssh ${host}\` works.`,
    zh: `这些是 Vagrant 报告的密钥。检查 \`vagrant ssh ${host}\` 是否可用。`,
  }),
  noKey: {
    en: 'kboot found no key to try. Set ssh.identityFile in the inventory, or add your key to the agent (`ssh-add FILE`).',
    zh: 'kboot 没有找到可以尝试的密钥。在清单中设置 ssh.identityFile，或者把密钥加入 SSH agent（`ssh-add FILE`）。',
  },
  checkBastion: {
    en: 'Check that the bastion can reach this address, and AllowTcpForwarding in its sshd_config.',
    zh: '检查堡垒机能否访问该地址，以及它的 sshd_config 中的 AllowTcpForwarding。',
  },
  makeWritable: {
    en: 'Make that file writable, or choose another state folder with --state.',
    zh: '让该文件可写，或者用 --state 选择另一个状态目录。',
  },
  writeHostKey: {
    en: 'Write "TYPE BASE64", as in /etc/ssh/ssh_host_ed25519_key.pub on the host. Host certificates are not supported.',
    zh: '写成“TYPE BASE64”，与主机上的 /etc/ssh/ssh_host_ed25519_key.pub 相同。不支持主机证书。',
  },
  makeReadable: ({ file }: About<'file'>) => ({
    en: `Make ${file} readable.`,
    zh: `让 ${file} 可读。`,
  }),
  compareFingerprint: ({ file, name, key, line }: About<'file' | 'name' | 'key' | 'line'>) => ({
    en: `Compare the fingerprint with "ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub" on the machine's own console. If they match, add this line to ${file}:\n${name} ${key}\nor to the inventory:\n${line}`,
    zh: `在主机自己的控制台上，把指纹与 "ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub" 的输出进行比较。如果相同，把下面这一行加入 ${file}：\n${name} ${key}\n或者加入清单：\n${line}`,
  }),
  newHostKeys: {
    en: 'Generate new host keys on the host; a revoked key must not be trusted again.',
    zh: '在主机上生成新的主机密钥；已吊销的密钥不能再次信任。',
  },
  keyOfTheHost: {
    en: 'A certificate authority signs host keys but is not a host key: set hostKey in the inventory to the key of the host.',
    zh: '证书颁发机构为主机密钥签名，自身并不是主机密钥：把清单中的 hostKey 设为该主机的密钥。',
  },
  correctPassphrase: {
    en: 'Run again with the correct passphrase, or add the key to ssh-agent.',
    zh: '用正确的口令再次运行，或者把密钥加入 ssh-agent。',
  },
  convertKey: ({ path }: About<'path'>) => ({
    en: `Convert it in place: ssh-keygen -p -m PEM -f ${path}`,
    zh: `原地转换它：ssh-keygen -p -m PEM -f ${path}`,
  }),
  readableKey: {
    en: 'Set ssh.identityFile in the inventory to a private key file as written by ssh-keygen.',
    zh: '把清单中的 ssh.identityFile 设为 ssh-keygen 写出的私钥文件。',
  },
  fileInFolder: {
    en: 'Set ssh.identityFile in the inventory to the key file inside it.',
    zh: '把清单中的 ssh.identityFile 设为该目录中的密钥文件。',
  },
  ownerOfKey: {
    en: 'Run kboot as the owner of the key, or set ssh.identityFile to another key.',
    zh: '以密钥所有者的身份运行 kboot，或者把 ssh.identityFile 设为另一个密钥。',
  },
  checkPort: ({ port }: About<'port'>) => ({
    en: `Check on the host whether something listens on port ${port}.`,
    zh: `在主机上检查是否有程序监听端口 ${port}。`,
  }),
  checkSshd: {
    en: 'Check sshd on the host: it may be overloaded, or another program may be using the port.',
    zh: '检查主机上的 sshd：它可能过载，也可能是另一个程序占用了该端口。',
  },
  slowLogin: {
    en: "Check the host's load and sshd's log; slow DNS (UseDNS) and PAM modules delay logins.",
    zh: '检查主机的负载和 sshd 的日志；缓慢的 DNS（UseDNS）和 PAM 模块会延迟登录。',
  },
  noPlainHostKey: {
    en: 'The host offers no plain ed25519, ecdsa or rsa host key; host certificates are not supported.',
    zh: '主机没有提供普通的 ed25519、ecdsa 或 rsa 主机密钥；不支持主机证书。',
  },
  sshdOnPort: {
    en: 'Check that sshd listens on this port.',
    zh: '检查是不是 sshd 在监听该端口。',
  },
  checkNetwork: {
    en: 'Check the host and the network, then run the same command again.',
    zh: '检查主机和网络，然后再次运行同一条命令。',
  },
  raiseMaxStartups: {
    en: "Raise MaxStartups in the host's sshd_config, lower --concurrency, or check sshd's log.",
    zh: '增大主机 sshd_config 中的 MaxStartups，减小 --concurrency，或者查看 sshd 的日志。',
  },
  terminalOrKey: {
    en: 'Run kboot in a terminal, or let it log in with a key alone.',
    zh: '在终端中运行 kboot，或者让它只用密钥登录。',
  },
  giveShell: ({ user }: About<'user'>) => ({
    en: `Give ${user} a login shell, and remove ForceCommand and "command=" for kboot's key.`,
    zh: `为 ${user} 设置登录 shell，并去掉 kboot 所用密钥的 ForceCommand 和 "command="。`,
  }),
  checkStartupFiles: ({ user }: About<'user'>) => ({
    en: `Check the startup files of the login shell of user ${user} on the host.`,
    zh: `检查主机上用户 ${user} 的登录 shell 的启动文件。`,
  }),
  slowShell: {
    en: "Check the host's load, the login shell's startup files and PAM.",
    zh: '检查主机的负载、登录 shell 的启动文件和 PAM。',
  },
  tooMuchOutput: {
    en: 'Nothing was changed. Something on the host answers with far more than kboot asks for: check its login shell and its programs.',
    zh: '没有做任何更改。主机返回的内容远多于 kboot 请求的内容：检查它的登录 shell 和程序。',
  },
  slowCommand: {
    en: "Check the host's load and disks (a hanging mount blocks df and stat), then run again.",
    zh: '检查主机的负载和磁盘（挂载点卡住时 df 和 stat 也会卡住），然后再次运行。',
  },
  allowSessions: {
    en: "Allow sessions: set MaxSessions to at least 1 in the host's sshd_config, and remove restrictions from the key.",
    zh: '允许会话：在主机的 sshd_config 中把 MaxSessions 设为至少 1，并去掉对密钥的限制。',
  },
  allowForwarding: {
    en: "Set AllowTcpForwarding yes in the host's sshd_config.",
    zh: '在主机的 sshd_config 中设置 AllowTcpForwarding yes。',
  },
  addSudoRule: ({ rule, file }: About<'rule' | 'file'>) => ({
    en: `As root on the host, write "${rule}" to ${file} (visudo -f).`,
    zh: `在主机上以 root 身份把 "${rule}" 写入 ${file}（visudo -f）。`,
  }),
  noRequiretty: ({ user, file }: About<'user' | 'file'>) => ({
    en: `As root on the host, write "Defaults:${user} !requiretty" to ${file} (visudo -f).`,
    zh: `在主机上以 root 身份把 "Defaults:${user} !requiretty" 写入 ${file}（visudo -f）。`,
  }),
  correctSudoPassword: {
    en: 'Run again with the correct password (KBOOT_SUDO_PASSWORD, or typed in a terminal).',
    zh: '用正确的密码再次运行（KBOOT_SUDO_PASSWORD，或者在终端中输入）。',
  },
  hostIsUp: {
    en: 'Check that the host is up, that the address is correct, and that no firewall drops SSH.',
    zh: '检查主机是否开机、地址是否正确，以及是否有防火墙阻断 SSH。',
  },
  startSshd: {
    en: 'Start sshd on the host, or correct ssh.port.',
    zh: '在主机上启动 sshd，或者改正 ssh.port。',
  },
  checkRoute: {
    en: 'Check the address, the route to it, and that the host is up.',
    zh: '检查地址和到它的路由，以及主机是否开机。',
  },
  correctAddress: {
    en: 'Correct ssh.address, or use an IP address.',
    zh: '改正 ssh.address，或者使用 IP 地址。',
  },
  checkAddress: {
    en: 'Check the address and the network.',
    zh: '检查地址和网络。',
  },
  giveSudoPassword: {
    en: 'Run kboot in a terminal, or set KBOOT_SUDO_PASSWORD. To do without a password:',
    zh: '在终端中运行 kboot，或者设置 KBOOT_SUDO_PASSWORD。要不使用密码：',
  },
  trySudo: ({ login }: About<'login'>) => ({
    en: `Run "ssh ${login} sudo true" to see why.`,
    zh: `运行 "ssh ${login} sudo true" 查看原因。`,
  }),
  installSudo: {
    en: 'Install sudo on the host, or let kboot log in as root (ssh.user: root).',
    zh: '在主机上安装 sudo，或者让 kboot 以 root 登录（ssh.user: root）。',
  },
  addPublicKeyOrPassword: ({ user }: About<'user'>) => ({
    en: `Add your public key to ~${user}/.ssh/authorized_keys on the host, or correct ssh.user or ssh.identityFile in the inventory, or enter the correct password.`,
    zh: `把你的公钥加入主机上的 ~${user}/.ssh/authorized_keys，或者改正清单中的 ssh.user 或 ssh.identityFile，或者输入正确的密码。`,
  }),
  addPublicKey: ({ user }: About<'user'>) => ({
    en: `Add your public key to ~${user}/.ssh/authorized_keys on the host, or correct ssh.user or ssh.identityFile in the inventory.`,
    zh: `把你的公钥加入主机上的 ~${user}/.ssh/authorized_keys，或者改正清单中的 ssh.user 或 ssh.identityFile。`,
  }),
  attackOrReinstalled: {
    en: 'This may be a man-in-the-middle attack, or the host was reinstalled.',
    zh: '这可能是中间人攻击，也可能是主机重装过系统。',
  },
  keyOfAnother: ({ where }: About<'where'>) => ({
    en: `This is the key of another host (${where}): were addresses swapped? If not, this may be a man-in-the-middle attack.`,
    zh: `这是另一台主机的密钥（${where}）：地址是否对调了？如果没有，这可能是中间人攻击。`,
  }),
  keyOf: ({ names, where }: About<'names' | 'where'>) => ({
    en: `This is the key of ${names} (${where}): were addresses swapped? If not, this may be a man-in-the-middle attack.`,
    zh: `这是 ${names} 的密钥（${where}）：地址是否对调了？如果没有，这可能是中间人攻击。`,
  }),
  replaceKnownKey: ({ where, name, key }: About<'where' | 'name' | 'key'>) => ({
    en: `If you know why the key changed, and the fingerprint matches the one on its own console, remove the old line (${where}) and add:\n${name} ${key}`,
    zh: `如果你知道密钥改变的原因，并且指纹与主机自己控制台上的相同，删除旧的那一行（${where}），并加入：\n${name} ${key}`,
  }),
  replaceOwnKey: ({ line }: About<'line'>) => ({
    en: `If you know why the key changed, and the fingerprint matches the one on its own console, set in the inventory:\n${line}`,
    zh: `如果你知道密钥改变的原因，并且指纹与主机自己控制台上的相同，在清单中设置：\n${line}`,
  }),
} satisfies Texts;
