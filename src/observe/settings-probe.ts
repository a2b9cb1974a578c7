import type { HostSettings } from '../model/inspection.ts';

/** Prints the settings in the files that the cluster's processes on this host were started with. */
export const settingsProbe = `
flag() { sed -n "s/.*--$1=\\([^ \\"']*\\).*/\\1/p" "$2" 2>/dev/null | head -n 1; }
f=/var/lib/kubelet/kubeadm-flags.env; m=/etc/kubernetes/manifests
echo "nodeName=$(flag hostname-override $f)"
echo "nodeIPs=$(flag node-ip $f)"
echo "podSubnets=$(flag cluster-cidr $m/kube-controller-manager.yaml)"
for s in '' -ipv4 -ipv6; do echo "nodeMask$s=$(flag node-cidr-mask-size$s $m/kube-controller-manager.yaml)"; done
echo "serviceSubnets=$(flag service-cluster-ip-range $m/kube-apiserver.yaml)"
echo "controllerServiceSubnets=$(flag service-cluster-ip-range $m/kube-controller-manager.yaml)"
echo "dnsDomain=$(sed -n 's/^clusterDomain: *//p' /var/lib/kubelet/config.yaml 2>/dev/null | tr -d \\"\\')"`;

/** Parses the output of settingsProbe; `one` returns the first value of a key, or ''. */
export function readSettings(one: (key: string) => string): HostSettings {
  const list = (key: string): readonly string[] => one(key).split(',').filter(Boolean);
  return {
    nodeName: one('nodeName'),
    nodeIPs: list('nodeIPs'),
    podSubnets: list('podSubnets'),
    nodeMasks: { any: one('nodeMask'), ipv4: one('nodeMask-ipv4'), ipv6: one('nodeMask-ipv6') },
    serviceSubnets: list('serviceSubnets'),
    controllerServiceSubnets: list('controllerServiceSubnets'),
    dnsDomain: one('dnsDomain'),
  };
}
