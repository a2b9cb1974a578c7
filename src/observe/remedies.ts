import type { Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  checkShell: {
    en: 'Run the same command again; if the error persists, check the login shell of this user.',
    zh: '再次运行同一条命令；如果错误仍然出现，检查该用户的登录 shell。',
  },
  snapshotsOnHosts: {
    en: '`kboot etcd list INVENTORY` shows the snapshots on the hosts. Nothing was changed.',
    zh: '`kboot etcd list INVENTORY` 列出主机上的快照。没有做任何更改。',
  },
  again: {
    en: 'Run the same command again.',
    zh: '再次运行同一条命令。',
  },
  probeAgain: {
    en: 'Nothing was changed. Run the same command again; if the error persists, check the login shell of this user.',
    zh: '没有做任何更改。再次运行同一条命令；如果错误仍然出现，检查该用户的登录 shell。',
  },
  unchangedAgain: {
    en: 'Nothing was changed. Run the same command again.',
    zh: '没有做任何更改。再次运行同一条命令。',
  },
  checkIp: {
    en: 'kboot runs `ip -o addr show`; check its output on the host.',
    zh: 'kboot 运行 `ip -o addr show`；检查它在该主机上的输出。',
  },
} satisfies Texts;
