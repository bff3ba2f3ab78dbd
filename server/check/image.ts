/**
 * Whether a container's image is the one that an author means. Names are compared as the Engine would write them in full, so
 * that `nginx` is `docker.io/library/nginx:latest`; one without a maker is that of any, as `netshoot` is `nicolaka/netshoot`:
 * lab hosts have each image once, and nothing can be pulled. Captures name an image by its id in the golden system, so one that
 * was only renamed (`docker tag`) has its own name here.
 */
export function isImage(is: string, meant: string): boolean {
  const [full, wanted] = [imageName(is), imageName(meant)]
  return full === wanted || (!wanted.includes('/') && full.split('/').at(-1) === wanted)
}

function imageName(image: string): string {
  const [named] = image.split('@')
  const short = named!.replace(/^(?:docker\.io|index\.docker\.io)\//, '').replace(/^library\//, '')
  return short.split('/').at(-1)!.includes(':') ? short : `${short}:latest`
}
