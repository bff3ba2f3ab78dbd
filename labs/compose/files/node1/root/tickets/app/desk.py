# The ticket desk. When it starts it asks stock, once. It opens if it gets an answer, and ends if it gets none.
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# How often this container has been started. A new container begins with 1.
with open('/starts', 'a+') as starts:
    starts.write('.')
    starts.seek(0)
    start = len(starts.read())

try:
    with socket.create_connection(('stock', 6379), timeout=2) as stock:
        stock.sendall(b'PING\r\n')
        stock.recv(64)
except OSError as error:
    sys.exit(f'start {start}: no answer from stock: {error}')


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        text = f'The desk is open: start {start} of {socket.gethostname()}, asked for {self.path}\n'
        self.send_response(200)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


print(f'start {start}: stock has answered, the desk opens', flush=True)
ThreadingHTTPServer(('', 80), Page).serve_forever()
