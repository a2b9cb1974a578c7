import type { About, Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  pushAgain: {
    en: 'Run the same command again: it sends only what the registry lacks.',
    zh: '再次运行同一条命令：只发送仓库缺少的内容。',
  },
  reachRegistry: {
    en: 'Check the name and the port (`--registry HOST:PORT`), and the network of this machine; HTTPS_PROXY and NO_PROXY apply. Then run the same command again: it sends only what the registry lacks.',
    zh: '检查名称和端口（`--registry HOST:PORT`）以及本机网络；HTTPS_PROXY 和 NO_PROXY 有效。然后再次运行同一条命令：只发送仓库缺少的内容。',
  },
  trustRegistry: {
    en: 'If this is your registry, name the CA that signed its certificate: --ca-file FILE. `--insecure` accepts any certificate.',
    zh: '如果这是你的仓库，指定签发其证书的 CA：--ca-file FILE。`--insecure` 接受任何证书。',
  },
  plainHttp: {
    en: 'If the registry serves HTTP without TLS on that port, add --plain-http; passwords and images are then not protected.',
    zh: '如果仓库在该端口提供不带 TLS 的 HTTP，加上 --plain-http；此时密码和镜像不受保护。',
  },
  noRegistry: {
    en: 'Use the address that images are pulled from, HOST[:PORT][/PATH]: --registry. A web interface often has another one.',
    zh: '使用拉取镜像的地址 HOST[:PORT][/PATH]：--registry。网页界面的地址往往不同。',
  },
  logIn: {
    en: '`--username USER` with `--password-file FILE` or KBOOT_REGISTRY_PASSWORD; or log in with `docker login` or `podman login`, whose file kboot reads.',
    zh: '`--username USER` 加上 `--password-file FILE` 或 KBOOT_REGISTRY_PASSWORD；或者先用 `docker login` 或 `podman login` 登录，kboot 会读取其文件。',
  },
  otherLogin: {
    en: 'Check the user and the password or token, and whether that user may push. Images that were pushed stay.',
    zh: '检查用户名和密码或令牌，以及该用户是否可以推送。已推送的镜像会保留。',
  },
  mayNotPush: {
    en: 'Give this user the right to push to that repository, or name a path where it may: --registry HOST/PATH. In Harbor and the like, the first part of the path is a project, which must exist.',
    zh: '授予该用户推送到该仓库的权限，或者指定允许推送的路径：--registry HOST/PATH。在 Harbor 等仓库中，路径的第一段是项目，必须已经存在。',
  },
  createRepository: ({ repository }: About<'repository'>) => ({
    en: `Create it in the registry, or name another path: --registry HOST/PATH. Some registries create no repositories by themselves: they need ${repository} and the others before.`,
    zh: `在仓库中创建它，或者指定其他路径：--registry HOST/PATH。有些仓库不会自动创建：需要事先创建 ${repository} 等。`,
  }),
  readOnly: {
    en: 'It is read-only, or a cache of another registry: push to one that takes images.',
    zh: '它是只读的，或者是另一个仓库的缓存：推送到可以接收镜像的仓库。',
  },
  tooLarge: {
    en: 'The registry, or the proxy in front of it, limits the size of a request (nginx: client_max_body_size). Raise the limit and run the same command again.',
    zh: '仓库或其前面的代理限制了请求大小（nginx：client_max_body_size）。提高限制，再次运行同一条命令。',
  },
  freeRegistry: {
    en: 'Free space on the disk of the registry, and run the same command again: it sends only what the registry lacks.',
    zh: '清理仓库所在磁盘的空间，再次运行同一条命令：只发送仓库缺少的内容。',
  },
  aptHere: {
    en: 'Run `kboot bundle create` on Debian or Ubuntu, or in a container of either; leave out --packages if your hosts have package sources.',
    zh: '在 Debian 或 Ubuntu 上，或者在它们的容器中运行 `kboot bundle create`；如果主机有软件源，去掉 --packages。',
  },
  dnfHere: {
    en: 'Install dnf with its command download (dnf-plugins-core), rpm and createrepo_c; Debian and Ubuntu have these packages, too. Leave out --packages if your hosts have package sources.',
    zh: '安装 dnf 及其 download 命令（dnf-plugins-core）、rpm 和 createrepo_c；Debian 和 Ubuntu 也有这些软件包。如果主机有软件源，去掉 --packages。',
  },
  packageKey: {
    en: 'Packages that a mirror of yours signs itself need its public keys: `--packages-key FILE`. Otherwise use another mirror: this one changed them.',
    zh: '由自己的镜像站签名的软件包需要它的公钥：`--packages-key FILE`。否则换一个镜像站：这个镜像站改动了软件包。',
  },
  keysOf: ({ package: name }: About<'package'>) => ({
    en: `Install the package ${name} on this machine: apt verifies the distribution's indexes with these keys.`,
    zh: `在本机安装软件包 ${name}：apt 用这些密钥验证发行版的索引。`,
  }),
  packageSources: {
    en: 'Check the network; http_proxy and https_proxy apply, and for apt its own proxy settings. `--packages-mirror URL` names a mirror. Then run the same command again.',
    zh: '检查网络；http_proxy 和 https_proxy 有效，apt 还使用自己的代理设置。`--packages-mirror URL` 指定镜像站。然后再次运行同一条命令。',
  },
  network: {
    en: 'Check the network, DNS and firewall of this machine. Set HTTPS_PROXY to use a proxy. To fetch from elsewhere, use a mirror (spec.artifacts.mirror, or `--mirror` of `bundle create`) and another registry (spec.imageRepository, or `--image-repository`).',
    zh: '检查本机的网络、DNS 和防火墙。要使用代理，设置 HTTPS_PROXY。要从别处获取，使用镜像站（spec.artifacts.mirror，或者 `bundle create` 的 `--mirror`）和另一个镜像仓库（spec.imageRepository，或者 `--image-repository`）。',
  },
  again: {
    en: 'Run the same command again.',
    zh: '再次运行同一条命令。',
  },
  fetchAgain: {
    en: 'Run the same command again: complete files are not fetched again.',
    zh: '再次运行同一条命令：不会重新获取完整的文件。',
  },
  trustCa: {
    en: 'If this is your own proxy or mirror, set its CA: NODE_EXTRA_CA_CERTS=FILE. Otherwise do not continue.',
    zh: '如果这是你自己的代理或镜像站，设置它的 CA：NODE_EXTRA_CA_CERTS=FILE。否则不要继续。',
  },
  notThere: {
    en: 'The file does not exist. Check the version; a mirror must have the paths of the official hosts.',
    zh: '文件不存在。检查版本；镜像站的路径必须与官方站点相同。',
  },
  needsLogin: {
    en: 'The file does not exist, or needs a login: kboot fetches anonymously. A proxy may also have refused the request.',
    zh: '文件不存在，或者需要登录：kboot 匿名获取文件。也可能是代理拒绝了请求。',
  },
  proxyLogin: {
    en: 'The proxy requires a login: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT.',
    zh: '代理需要登录：HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT。',
  },
  tooMany: {
    en: 'The server limits the rate of requests. Wait for a while.',
    zh: '服务器限制请求的频率。请稍候。',
  },
  discarded: {
    en: 'The file was discarded.',
    zh: '文件已丢弃。',
  },
  altered: {
    en: 'If the error persists, a proxy, a mirror or somebody else alters it in transit.',
    zh: '如果错误仍然出现，说明代理、镜像站或其他人在传输途中修改了文件。',
  },
  proxyUrl: {
    en: 'Set it to a URL such as http://proxy.example:3128.',
    zh: '把它设为 URL，例如 http://proxy.example:3128。',
  },
  otherRepository: {
    en: 'Use another repository, or leave out this architecture.',
    zh: '使用另一个镜像仓库，或者不包含该架构。',
  },
  onlyToHttps: {
    en: 'kboot does not follow this redirect: from HTTPS, only to HTTPS.',
    zh: 'kboot 不跟随这个重定向：HTTPS 只能重定向到 HTTPS。',
  },
} satisfies Texts;
