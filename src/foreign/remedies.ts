import type { Texts } from '../model/language/text.ts';

/** What to do after errors of this folder. */
export const remedies = {
  correctPlace: {
    en: 'Correct that place, and run the same command again.',
    zh: '改正该处，然后再次运行同一条命令。',
  },
  hostWords: {
    en: 'Write addresses, ranges, networks or DNS names, separated by commas: --from-hosts ops@10.0.0.11-15,10.0.1.8/29.',
    zh: '写出地址、地址范围、网络或 DNS 名称，用逗号分隔：--from-hosts ops@10.0.0.11-15,10.0.1.8/29。',
  },
  addOutput: {
    en: 'Add this to outputs.tf, with your own resources; then `terraform apply`, and `terraform output -json` again.',
    zh: '把这些内容加入 outputs.tf，并换成你自己的资源；然后运行 `terraform apply`，再运行 `terraform output -json`。',
  },
  applyFirst: {
    en: 'Apply it, and name what `terraform output -json` prints then.',
    zh: '先执行该计划，再指定 `terraform output -json` 此时输出的内容。',
  },
  kubeadmFile: {
    en: 'Name the file of `kubeadm init --config FILE`.',
    zh: '指定 `kubeadm init --config FILE` 使用的文件。',
  },
  migrate: {
    en: 'Let kubeadm rewrite it: `kubeadm config migrate --old-config FILE --new-config NEW`.',
    zh: '让 kubeadm 改写它：`kubeadm config migrate --old-config FILE --new-config NEW`。',
  },
  k0sctlFile: {
    en: 'Name the file of `k0sctl apply --config FILE`.',
    zh: '指定 `k0sctl apply --config FILE` 使用的文件。',
  },
  plainValue: {
    en: 'Write the value there, or $$ for a $.',
    zh: '在那里写出值，或者用 $$ 表示 $。',
  },
  setVariable: {
    en: 'Set it, as for k0sctl, or write $$ for a $.',
    zh: '像使用 k0sctl 时那样设置它，或者用 $$ 表示 $。',
  },
  decryptVault: {
    en: 'Let Ansible decrypt it: `ansible-inventory -i FILE --list --ask-vault-pass > hosts.json`, then --from-ansible hosts.json.',
    zh: '让 Ansible 解密它：`ansible-inventory -i FILE --list --ask-vault-pass > hosts.json`，然后使用 --from-ansible hosts.json。',
  },
  throughAnsible: {
    en: 'Run it through Ansible: `ansible-inventory -i FILE --list > hosts.json`, then --from-ansible hosts.json.',
    zh: '通过 Ansible 运行它：`ansible-inventory -i FILE --list > hosts.json`，然后使用 --from-ansible hosts.json。',
  },
} satisfies Texts;
