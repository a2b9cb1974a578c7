import type { HostSettings } from '../model/inspection.ts';

/** Prints the settings in the files that the cluster's processes on this host were started with. */
export const settingsProbe = `
f=/var/lib/kubelet/kubeadm-flags.env; m=/etc/kubernetes/manifests
grep -sHoE -e "--(hostname-override|node-ip|cluster-cidr|node-cidr-mask-size(-ipv[46])?|service-cluster-ip-range)=[^ \\"']*" $f $m/kube-controller-manager.yaml $m/kube-apiserver.yaml | {
h= i=
while IFS= read -r l; do
  v=\${l#*=}
  case \${l%%=*} in
    */kubeadm-flags.env:--hostname-override) h=$v ;;
    */kubeadm-flags.env:--node-ip) i=$v ;;
    */kube-controller-manager.yaml:--cluster-cidr) echo "podSubnets=$v" ;;
    */kube-controller-manager.yaml:--node-cidr-mask-size*) n=\${l%%=*}; echo "nodeMask\${n#*--node-cidr-mask-size}=$v" ;;
    */kube-controller-manager.yaml:--service-cluster-ip-range) echo "controllerServiceSubnets=$v" ;;
    */kube-apiserver.yaml:--service-cluster-ip-range) echo "serviceSubnets=$v" ;;
  esac
done
echo "nodeName=$h"; echo "nodeIPs=$i"
}
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
