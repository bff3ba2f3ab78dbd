import { imageInFull } from '../network/image-name.js'

/** What a container or a service was made from: as it was called, and what its image is called besides. */
interface Made {
  image: string
  imageNames?: readonly string[]
}

/**
 * Whether an image is the one that an author means. Captures name an image by its id in what hosts start from, so one that was only
 * renamed (`docker tag`) has its own name here, and any name of the same image counts. Names are compared as the Engine would
 * write them in full, so that `nginx` is `docker.io/library/nginx:latest`; one without a maker is that of any, as `netshoot`
 * is `nicolaka/netshoot`: nothing can be pulled.
 */
export function isImage({ image, imageNames = [] }: Made, meant: string): boolean {
  const wanted = imageInFull(meant)
  return [image, ...imageNames].some((name) => {
    const full = imageInFull(name)
    return full === wanted || (!wanted.includes('/') && full.split('/').at(-1) === wanted)
  })
}

/** Whether a name is among those of images, written in whatever way. */
export function isAmong(images: readonly string[], name: string): boolean {
  const wanted = imageInFull(name)
  return images.some((image) => imageInFull(image) === wanted)
}
