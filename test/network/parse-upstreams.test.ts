import { describe, expect, it } from 'vitest'
import { parseUpstreams } from '../../server/network/parse-upstreams.js'

const told = (file: string, text: string) => parseUpstreams(file, text).map(({ name, port }) => `${name}:${port}`)

describe('whom a proxy passes requests on to', () => {
  it('is read of nginx: of directives that pass on, and of servers of an upstream', () => {
    const text = `upstream pool { server api:3000 weight=2; server 10.0.0.7; # server old:1;
      }
      server { listen 80; server_name example.org;
        location / { proxy_pass http://web; }
        location /x { proxy_pass https://shop:8443/y; }
        location ~ php { fastcgi_pass php:9000; } }`
    expect(told('/etc/nginx/conf.d/default.conf', text)).toEqual([
      'api:3000',
      '10.0.0.7:80',
      'web:80',
      'shop:8443',
      'php:9000',
    ])
  })

  it('leaves out what is looked up for each request, and what is no server', () => {
    const text =
      'set $up api; proxy_pass http://$up:80; server { return 200; } proxy_pass unix:/run/x; server_name api;'
    expect(told('/etc/nginx/nginx.conf', text)).toEqual([])
  })

  it('is read of HAProxy', () => {
    const text =
      'backend b\n  server one api:3000 check\n  server two web:80 check resolvers docker\n  # server old x:1\n'
    expect(told('/usr/local/etc/haproxy/haproxy.cfg', text)).toEqual(['api:3000'])
  })

  it('shows the line, and survives anything', () => {
    expect(parseUpstreams('/etc/nginx/nginx.conf', '  proxy_pass   http://api:80;\u0007')[0]).toEqual({
      file: '/etc/nginx/nginx.conf',
      line: 'proxy_pass   http://api:80;',
      name: 'api',
      port: 80,
    })
    expect(told('/etc/nginx/nginx.conf', `proxy_pass http://a:99999; ${'server x;'.repeat(200)}`)).toHaveLength(50)
  })
})
