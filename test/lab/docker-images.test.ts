import { describe, expect, it } from 'vitest'
import { imagesIn, makesImage } from '../../server/lab/docker-images.js'

describe('imagesIn', () => {
  it.each([
    ['docker run -d --name web nginx', ['nginx']],
    ['docker run --rm -it --network=container:web nicolaka/netshoot ip addr', ['nicolaka/netshoot']],
    ['docker run -d --name web -p 8080:80 \\\n  --network my_net nginx:latest', ['nginx:latest']],
    ['docker create --init busybox sleep 1d && docker run redis', ['busybox', 'redis']],
    ['docker container run -dit --rm --ip 172.20.0.9 -e A=b busybox', ['busybox']],
    ['docker service create --name api --replicas 2 --network ov nginx', ['nginx']],
    ['docker exec web nginx -t\ndocker rm -f web', []],
    ['docker run -p8080:80 nginx', ['nginx']],
    ['for i in 1 2; do docker run -d --name c$i busybox sleep 9; done', ['busybox']],
    ['docker run "$image"', []],
    ["ip=$(docker inspect -f '{{.Id}}' web)\ncurl $ip", []],
  ])('%s', (text, images) => {
    expect(imagesIn(text)).toEqual(images)
  })
})

describe('makesImage', () => {
  it.each([
    ['docker build -t shop .', true],
    ['docker build --tag=shop:latest \\\n --no-cache .', true],
    ['cd app && docker buildx build -tshop .', true],
    ['docker image build -t other .', false],
    ['docker tag shop other', false],
    ['docker tag other docker.io/library/shop', true],
    ['docker container commit c1 shop; docker ps', true],
    ['docker import x.tar shop', true],
    ['gunzip -c x.gz | docker load', true],
    ['docker load -i x.tar', true],
    ['Use `docker load` for archives, and docker build for shop', false],
    ['docker run shop', false],
  ])('%s', (text, makes) => {
    expect(makesImage(text, 'shop')).toBe(makes)
  })
})
