/** An image's name as the Engine would write it in full, so that `nginx` is `docker.io/library/nginx:latest`. */
export function imageName(image: string): string {
  const [named] = image.split('@')
  const short = named!.replace(/^(?:docker\.io|index\.docker\.io)\//, '').replace(/^library\//, '')
  return short.split('/').at(-1)!.includes(':') ? short : `${short}:latest`
}
