import type { SiteHost } from '../lab/kboot.ts';

/** What an administrator puts in front of the API servers: haproxy and keepalived on every control plane, as units. */
export const ownBalancer = {
  endpoint: (virtualIP: string): string => `${virtualIP}:8443`,

  /** A script for every host of a cluster; `$1` is the host's name. */
  script(hosts: readonly SiteHost[], virtualIP: string): string {
    const planes = hosts.filter(({ roles }) => roles.includes('control-plane'));
    const servers = planes.map(
      ({ name, address }) => `  server ${name} ${address}:6443 check inter 500ms fall 2`,
    );
    const peers = planes.map(({ address }) => `    ${address}`);
    const ownAddress = planes.map(({ name, address }) => `${name}) own=${address};;`).join(' ');
    return `case $1 in ${ownAddress} *) exit 0;; esac
cat > /etc/haproxy/haproxy.cfg <<'X'
defaults
  mode tcp
  timeout connect 2s
  timeout client 24h
  timeout server 24h
frontend mine
  bind *:8443
  default_backend mine
backend mine
  balance roundrobin
${servers.join('\n')}
X
dev=$(ip -o -4 addr show | awk -v a="$own" '$4 ~ "^"a"/" { print $2 }')
cat > /etc/keepalived/keepalived.conf <<X
vrrp_instance mine {
  state BACKUP
  interface $dev
  virtual_router_id 77
  priority $((200 - \${own##*.}))
  advert_int 1
  unicast_src_ip $own
  unicast_peer {
$(printf '%s\\n' '${peers.join("' '")}' | grep -vw "$own")
  }
  virtual_ipaddress { ${virtualIP}/24 }
}
X
systemctl enable -q --now haproxy keepalived
for i in $(seq 40); do ping -c1 -W1 ${virtualIP} >/dev/null 2>&1 && exit 0; ip -o addr show | grep -qw ${virtualIP} && exit 0; sleep 0.5; done
`;
  },

  /** Prints what must not change: the files, and since when the units are active. */
  state: `sha256sum /etc/haproxy/haproxy.cfg /etc/keepalived/keepalived.conf; systemctl show -p ActiveEnterTimestampMonotonic --value haproxy keepalived`,
};
