  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rdx, %r8
  movq 0x48(%rdi), %rax
  movl %esi, %ecx
  leaq 7(%rcx), %rdx
  cmpq %rax, %rdx
  seta %dl
  movq %r8, %rsi
  movl %esi, %r8d
  leaq 7(%r8), %rsi
  cmpq %rax, %rsi
  seta %al
  orl %eax, %edx
  testb %dl, %dl
  jnz     label2; j label1
block1:
  movq 0x40(%rdi), %rax
  movl (%rax, %r8), %edx
  movl 3(%rax, %r8), %esi
  movl %edx, (%rax, %rcx)
  movl %esi, 3(%rax, %rcx)
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0x10(%rdi), %rax
  movq 0x10(%rax), %rax
  uninit  %rdx
  xorl %edx, %edx
  movl $0x7, %r9d
  movl %edx, %esi
  movl %edx, %edx
  call    *%rax
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %ecx
  leaq 0x30(%rcx), %rax
  cmpq 0x58(%rdi), %rax
  seta %al
  movl %edx, %r8d
  leaq 0x30(%r8), %rdx
  cmpq 0x48(%rdi), %rdx
  seta %dl
  orl %edx, %eax
  testb %al, %al
  jnz     label2; j label1
block1:
  movq 0x40(%rdi), %rax
  movdqu (%rax, %r8), %xmm0
  movdqu 0x10(%rax, %r8), %xmm1
  movdqu 0x20(%rax, %r8), %xmm2
  movq 0x50(%rdi), %rax
  movdqu %xmm0, (%rax, %rcx)
  movdqu %xmm1, 0x10(%rax, %rcx)
  movdqu %xmm2, 0x20(%rax, %rcx)
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0x10(%rdi), %rax
  movq 0x10(%rax), %rax
  movl $0x1, %edx
  uninit  %rsi
  xorl %esi, %esi
  movl $0x30, %r9d
  movl %edx, %r10d
  movl %esi, %edx
  movq %r10, %rsi
  call    *%rax
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x10(%rdi), %rax
  movq 0x10(%rax), %rax
  uninit  %rcx
  xorl %ecx, %ecx
  movl %esi, %r10d
  movl %edx, %r8d
  movl $0x41, %r9d
  movl %ecx, %esi
  movl %ecx, %edx
  movq %r10, %rcx
  call    *%rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x48(%rdi), %rax
  movl %esi, %edx
  leaq 0xc(%rdx), %rcx
  cmpq %rax, %rcx
  jnbe    label2; j label1
block1:
  movq 0x40(%rdi), %rax
  movq $0x0, (%rax, %rdx)
  movl $0x0, 8(%rax, %rdx)
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0x10(%rdi), %rax
  movq 8(%rax), %rax
  uninit  %rcx
  xorl %ecx, %ecx
  movl $0xc, %r8d
  movl %ecx, %esi
  movl %ecx, %ecx
  call    *%rax
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rdx, %r8
  movq 0x48(%rdi), %rax
  movl %esi, %edx
  leaq 5(%rdx), %rcx
  cmpq %rax, %rcx
  jnbe    label2; j label1
block1:
  movq %r8, %rax
  movzbl %al, %ecx
  imull $0x1010101, %ecx, %ecx
  movq 0x40(%rdi), %rsi
  movl %ecx, (%rsi, %rdx)
  movb %al, 4(%rsi, %rdx)
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq %r8, %rax
  movq 0x10(%rdi), %rcx
  movq 8(%rcx), %r9
  uninit  %rsi
  xorl %esi, %esi
  movl $0x5, %r8d
  movl %esi, %esi
  movl %eax, %ecx
  call    *%r9
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x10(%rdi), %rax
  movq 8(%rax), %rax
  uninit  %rcx
  xorl %ecx, %ecx
  movl %esi, %edx
  movl $0x1, %r9d
  uninit  %r8
  xorq %r8, %r8
  movl %ecx, %esi
  movl %r9d, %ecx
  call    *%rax
  movq %rbp, %rsp
  popq %rbp
  retq

