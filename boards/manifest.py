# Frozen into every firmware that carries the user C module: the tinyinfer package.
package("tinyinfer", base_path="../device", opt=3)
