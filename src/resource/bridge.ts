/**
 * Shell that replaces the bridge of the Pods if it does not have the address that flannel's subnet.env states now; else
 * it does nothing. Their sandboxes are stopped, so that the kubelet starts these Pods again in place, with new
 * addresses, as after a boot: a drain would delete the Pods without a controller and their emptyDir volumes, and its
 * disruption budgets would wait for Pods that nothing can reach. The link goes last: an interrupted run starts again.
 */
export const alignBridge = `want=$(sed -n 's/^FLANNEL_\\(IPV6_\\)\\{0,1\\}SUBNET=//p' /run/flannel/subnet.env) || exit 1
[ -n "$want" ] || { echo '/run/flannel/subnet.env has no subnet'; exit 1; }
now=$(ip -o addr show dev cni0 scope global 2>/dev/null | while read -r _ _ _ a _; do echo "$a"; done)
stale=
for a in $now; do echo "$want" | grep -qxF -e "$a" || stale="$stale $a"; done
[ -n "$stale" ] || exit 0
own=$(readlink /proc/1/ns/net); stopped=0
tasks=$(ctr -n k8s.io tasks list) || exit 1
for c in $(ctr -n k8s.io containers list -q 'labels."io.cri-containerd.kind"==sandbox'); do
  p=$(echo "$tasks" | sed -n "s/^$c  *\\([0-9]*\\)  *RUNNING.*/\\1/p")
  [ -n "$p" ] && [ "$(readlink "/proc/$p/ns/net")" != "$own" ] || continue
  ctr -n k8s.io tasks kill -s SIGKILL "$c" && stopped=$((stopped + 1))
done
for l in $(ip -o link show master cni0 2>/dev/null | cut -d: -f2 | cut -d@ -f1); do ip link delete "$l"; done
ip link delete cni0 || exit 1
echo "cni0 had$stale; $stopped Pods restart in place"
# The first new Pod brings the link back; a Pod that never restarts does not.
[ $stopped = 0 ] || for i in $(seq 60); do [ -e /sys/class/net/cni0 ] && break; sleep 0.5; done
true`;
