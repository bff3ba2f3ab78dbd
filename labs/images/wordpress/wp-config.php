<?php
// With the variables of the well-known image.
$from_environment = fn($name, $else) => ($value = getenv("WORDPRESS_$name")) === false ? $else : $value;
define('DB_NAME', $from_environment('DB_NAME', 'wordpress'));
define('DB_USER', $from_environment('DB_USER', 'root'));
define('DB_PASSWORD', $from_environment('DB_PASSWORD', ''));
define('DB_HOST', $from_environment('DB_HOST', 'mysql'));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
foreach (['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT'] as $name) {
  define($name, hash('sha256', $name . DB_PASSWORD));
}
$table_prefix = $from_environment('TABLE_PREFIX', 'wp_');
define('WP_DEBUG', false);
define('WP_HTTP_BLOCK_EXTERNAL', true);
if (!defined('ABSPATH')) define('ABSPATH', '/usr/share/wordpress/');
require_once ABSPATH . 'wp-settings.php';
