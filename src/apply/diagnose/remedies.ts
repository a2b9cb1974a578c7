import type { About, Text, Texts } from '../../model/language/text.ts';

/** What to do after a wait that failed: a sentence around where to look. */
export const remedies = {
  findTheCause: (look: Text) => ({
    en: `To find the cause, ${look.en}. Fix it, then run the same command again.`,
    zh: `要找到原因，${look.zh}。解决之后，再次运行同一条命令。`,
  }),
  fixTheCause: (look: Text) => ({
    en: `Fix the cause shown above, then run the same command again. To see more, ${look.en}.`,
    zh: `解决上面显示的原因，然后再次运行同一条命令。要看到更多内容，${look.zh}。`,
  }),
  etcdMember: ({ host }: About<'host'>) => ({
    en: `run \`journalctl -u etcd\` on ${host}, or read /var/log/containers/etcd-*.log there if etcd is a static Pod`,
    zh: `在 ${host} 上运行 \`journalctl -u etcd\`；如果 etcd 是静态 Pod，查看那里的 /var/log/containers/etcd-*.log`,
  }),
  api: ({ host }: About<'host'>) => ({
    en: `read /var/log/containers/kube-apiserver-*.log on ${host}`,
    zh: `查看 ${host} 上的 /var/log/containers/kube-apiserver-*.log`,
  }),
  anyApi: {
    en: 'read /var/log/containers/kube-apiserver-*.log on the control planes',
    zh: '查看各控制平面主机上的 /var/log/containers/kube-apiserver-*.log',
  },
  loadBalancer: ({ host }: About<'host'>) => ({
    en: `run \`journalctl -u haproxy -u keepalived\` on ${host}`,
    zh: `在 ${host} 上运行 \`journalctl -u haproxy -u keepalived\``,
  }),
  endpoint: ({ at }: About<'at'>) => ({
    en: `run \`curl -k https://${at}/readyz\` on a node`,
    zh: `在某个节点上运行 \`curl -k https://${at}/readyz\``,
  }),
  kubelet: ({ host }: About<'host'>) => ({
    en: `run \`journalctl -u kubelet\` on ${host}`,
    zh: `在 ${host} 上运行 \`journalctl -u kubelet\``,
  }),
  controller: ({ component, host }: About<'component' | 'host'>) => ({
    en: `read /var/log/containers/${component}-*.log on ${host}`,
    zh: `查看 ${host} 上的 /var/log/containers/${component}-*.log`,
  }),
  leader: ({ lease }: About<'lease'>) => ({
    en: `run \`kubectl -n kube-system get lease ${lease}\`, and read /var/log/containers/${lease}-*.log on the control planes`,
    zh: `运行 \`kubectl -n kube-system get lease ${lease}\`，并查看各控制平面主机上的 /var/log/containers/${lease}-*.log`,
  }),
  storedAs: ({ resource }: About<'resource'>) => ({
    en: `run \`kboot status\`, which says how ${resource} are stored, and look for a client that writes through an API server outside of this cluster`,
    zh: `运行 \`kboot status\`，它说明 ${resource} 如何存储，并检查是否有客户端通过集群之外的 API 服务器写入`,
  }),
  publishedRoot: {
    en: 'read /var/log/containers/kube-controller-manager-*.log on the control planes, whose leader publishes it',
    zh: '查看各控制平面主机上的 /var/log/containers/kube-controller-manager-*.log：由其中的 leader 发布它',
  },
  publishedClient: {
    en: 'run `kubectl -n kube-system get configmap extension-apiserver-authentication -o yaml`, which every API server keeps up to date',
    zh: '运行 `kubectl -n kube-system get configmap extension-apiserver-authentication -o yaml`：每个 API 服务器都会更新它',
  },
  podReady: ({ namespace, name, host }: About<'namespace' | 'name' | 'host'>) => ({
    en: `run \`kubectl -n ${namespace} describe pod ${name}\`, and \`crictl ps -a\` on ${host}`,
    zh: `运行 \`kubectl -n ${namespace} describe pod ${name}\`，并在 ${host} 上运行 \`crictl ps -a\``,
  }),
  nodeReady: ({ node }: About<'node'>) => ({
    en: `run \`kubectl describe node ${node}\`, and \`journalctl -u kubelet\` on ${node}`,
    zh: `运行 \`kubectl describe node ${node}\`，并在 ${node} 上运行 \`journalctl -u kubelet\``,
  }),
  workloadReady: ({ namespace, workload, name }: About<'namespace' | 'workload' | 'name'>) => ({
    en: `run \`kubectl -n ${namespace} describe ${workload} ${name}\``,
    zh: `运行 \`kubectl -n ${namespace} describe ${workload} ${name}\``,
  }),
  addonReady: ({ label }: About<'label'>) => ({
    en: `run \`kubectl get all -A -l ${label}\``,
    zh: `运行 \`kubectl get all -A -l ${label}\``,
  }),
  addonGone: ({ kind, label }: About<'kind' | 'label'>) => ({
    en: `run \`kubectl get ${kind} -A -l ${label} -o yaml\``,
    zh: `运行 \`kubectl get ${kind} -A -l ${label} -o yaml\``,
  }),
} satisfies Texts;
