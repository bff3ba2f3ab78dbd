import { curl, type Incident } from './incident.js'

/** What a container itself is. */
export const containers: readonly Incident[] = [
  {
    name: 'a container left behind in an old namespace',
    source: 'docker/compose#6626',
    make: {
      node1: `docker network create app; docker run -d --name db --network app redis
        docker run -d --name mother --network app netshoot sleep infinity
        docker run -d --name child --network container:mother netshoot sleep infinity
        docker restart -t 0 mother`,
    },
    symptom: ['node1', 'docker exec child nc -z -w 1 db 6379'],
    ask: { from: 'child', to: 'db', port: 6379 },
    code: 'left-behind',
    says: /`mother` was restarted/,
    cure: { on: 'node1' },
  },
  {
    name: 'a program that accepts no connections',
    make: {
      node1: `docker network create --subnet 172.30.0.0/24 app
        docker run -d --name lazy --network app --ip 172.30.0.41 netshoot perl -MSocket -e 'socket(S,PF_INET,SOCK_STREAM,6);setsockopt(S,SOL_SOCKET,SO_REUSEADDR,1);bind(S,sockaddr_in(9001,INADDR_ANY))||die;listen(S,1);sleep 1e6'
        docker run -d --name api --network app netshoot sleep infinity; sleep 0.5
        docker run -d --name filler --network app netshoot sh -c 'for i in 1 2 3 4; do nc 172.30.0.41 9001 & done; sleep 1000'; sleep 1`,
    },
    symptom: ['node1', 'docker exec api nc -z -w 1 172.30.0.41 9001'],
    ask: { from: 'api', to: 'lazy', port: 9001 },
    code: 'full-queue',
    diagnosis: { of: 'lazy' },
    cure: { on: 'node1', of: -1, afterwards: 'docker rm -f filler; docker restart -t 0 lazy; sleep 0.5' },
  },
  {
    name: 'a container that is paused',
    make: {
      node1: `docker run -d --name web -p 8080:80 nginx
        for i in $(seq 100); do ${curl('http://127.0.0.1:8080')} && break; sleep 0.1; done; docker pause web`,
    },
    symptom: ['laptop', curl('http://192.168.1.11:8080')],
    ask: { from: 'laptop', to: 'node1', port: 8080 },
    code: 'paused',
    cure: { on: 'node1' },
  },
]
